{{/* The endpoint of a ServiceMonitor or a PodMonitor, whose values are `monitor`. */}}
{{- define "leverwatch.endpoint" -}}
{{- $monitor := .monitor -}}
{{- with .root -}}
port: http
path: /metrics
scheme: {{ include "leverwatch.scheme" . }}
interval: {{ $monitor.interval }}
{{- with $monitor.scrapeTimeout }}
scrapeTimeout: {{ . }}
{{- end }}
{{- if $monitor.tlsConfig }}
tlsConfig:
  {{- toYaml $monitor.tlsConfig | nindent 2 }}
{{- else if and .Values.web.tls.enabled .Values.web.tls.existingSecret }}
tlsConfig:
  ca:
    secret:
      name: {{ .Values.web.tls.existingSecret }}
      key: ca.crt
  serverName: {{ include "leverwatch.fullname" . }}.{{ .Release.Namespace }}.svc
{{- end }}
{{- with $monitor.basicAuth }}
basicAuth:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $monitor.relabelings }}
relabelings:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $monitor.metricRelabelings }}
metricRelabelings:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
{{- end -}}
