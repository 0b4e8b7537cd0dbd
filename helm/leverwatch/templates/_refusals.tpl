{{/* Combinations of values that cannot work, each with what to do instead. Every workload includes this. */}}
{{- define "leverwatch.refuse" -}}
{{- $postgresql := .Values.store.postgresql -}}
{{- if eq .Values.store.type "sqlite" -}}
{{- if .Values.daemonSet.enabled -}}
{{- fail "daemonSet.enabled: the pods of all nodes need one store; set store.type to postgresql" -}}
{{- end -}}
{{- if gt (int .Values.replicas) 1 -}}
{{- fail "replicas: several pods cannot share an SQLite file; set store.type to postgresql, or replicas to 1" -}}
{{- end -}}
{{- if or $postgresql.url $postgresql.urlSecret.name $postgresql.passwordSecret.name -}}
{{- fail "store.postgresql: has no effect with store.type sqlite; set store.type to postgresql, or leave it empty" -}}
{{- end -}}
{{- if and .Values.persistence.existingClaim (not .Values.persistence.enabled) -}}
{{- fail "persistence.existingClaim: has no effect without persistence.enabled" -}}
{{- end -}}
{{- else -}}
{{- if and $postgresql.url $postgresql.urlSecret.name -}}
{{- fail "store.postgresql: give url or urlSecret.name, not both" -}}
{{- end -}}
{{- if not (or $postgresql.url $postgresql.urlSecret.name) -}}
{{- fail "store.postgresql: store.type postgresql needs url or urlSecret.name" -}}
{{- end -}}
{{- if and $postgresql.urlSecret.name $postgresql.passwordSecret.name -}}
{{- fail "store.postgresql.passwordSecret: belongs to url; the URL in urlSecret has its password in it" -}}
{{- end -}}
{{- if regexMatch "^[^:]*://[^@]*:[^@]*@|[?&]password=" $postgresql.url -}}
{{- fail "store.postgresql.url: must hold no password, which would be readable in a ConfigMap; put it in a Secret and name that in passwordSecret" -}}
{{- end -}}
{{- if .Values.extraVolumeClaimTemplates -}}
{{- fail "extraVolumeClaimTemplates: only a StatefulSet (store.type sqlite) has claims; use extraVolumes" -}}
{{- end -}}
{{- end -}}
{{- with .Values.web -}}
{{- if and .tls.enabled (not .tls.existingSecret) (not .config.existingSecret) -}}
{{- fail "web.tls.enabled: needs a certificate; set web.tls.existingSecret, or web.config.existingSecret with a web configuration of your own" -}}
{{- end -}}
{{- if and .tls.requireClientCertificate (or (not .tls.enabled) .config.existingSecret) -}}
{{- fail "web.tls.requireClientCertificate: needs web.tls.enabled, and has no effect beside web.config.existingSecret; say client_auth_type there" -}}
{{- end -}}
{{- end -}}
{{- $config := default dict .Values.config -}}
{{- if .Values.daemonSet.enabled -}}
{{- range $config.sources -}}
{{- if and (eq (toString .type) "files") (not (contains "@${NODE_NAME}" (toString .name))) -}}
{{- fail (printf "config.sources: with daemonSet.enabled every node has other files; name the source %s@${NODE_NAME}" (toString .name)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range $key := list "store" "cache_dir" -}}
{{- if hasKey $config $key -}}
{{- fail (printf "config.%s: is set by the chart; use the values store and gitCache" $key) -}}
{{- end -}}
{{- end -}}
{{- range $key := list "listen" "probe_listen" "config_file" -}}
{{- if hasKey (default dict $config.web) $key -}}
{{- fail (printf "config.web.%s: is set by the chart; use the values web and service" $key) -}}
{{- end -}}
{{- end -}}
{{- if and .Values.serviceMonitor.enabled .Values.podMonitor.enabled -}}
{{- fail "podMonitor.enabled: with serviceMonitor.enabled as well, every pod is scraped twice; choose one" -}}
{{- end -}}
{{- end -}}
