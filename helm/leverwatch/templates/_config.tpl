{{/* leverwatch.yaml: the value `config`, and what follows from the other values. */}}
{{- define "leverwatch.config" -}}
{{- $store := dict "url" "sqlite:////var/lib/leverwatch/leverwatch.db" -}}
{{- if eq .Values.store.type "postgresql" -}}
{{- $_ := set $store "url" .Values.store.postgresql.url -}}
{{- if .Values.store.postgresql.urlSecret.name -}}
{{- $_ := set $store "url" "${LEVERWATCH_STORE_URL}" -}}
{{- end -}}
{{- if .Values.store.postgresql.passwordSecret.name -}}
{{- $_ := set $store "password_file" "/etc/leverwatch/store/password" -}}
{{- end -}}
{{- end -}}
{{- $web := dict "listen" ":9847" "probe_listen" ":9848" -}}
{{- if .Values.web.config.existingSecret -}}
{{- $_ := set $web "config_file" "/etc/leverwatch/web/web-config.yaml" -}}
{{- else if .Values.web.tls.enabled -}}
{{- $_ := set $web "config_file" "/etc/leverwatch/config/web-config.yaml" -}}
{{- end -}}
{{- $own := dict "store" $store "cache_dir" "/var/cache/leverwatch" "web" $web -}}
{{- toYaml (mergeOverwrite (deepCopy (default dict .Values.config)) $own) -}}
{{- end -}}

{{/* web-config.yaml for `web.tls` alone: it holds paths and no secrets. Empty when there is no such file. */}}
{{- define "leverwatch.webConfig" -}}
{{- if and .Values.web.tls.enabled (not .Values.web.config.existingSecret) -}}
tls_server_config:
  cert_file: /etc/leverwatch/tls/tls.crt
  key_file: /etc/leverwatch/tls/tls.key
  {{- if .Values.web.tls.requireClientCertificate }}
  client_ca_file: /etc/leverwatch/tls/ca.crt
  client_auth_type: RequireAndVerifyClientCert
  {{- end }}
{{- end -}}
{{- end -}}
