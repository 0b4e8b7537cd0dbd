{{/* What the name of an object with a dashboard ends in, by the path of its file. */}}
{{- define "leverwatch.dashboardName" -}}
{{- printf "-dashboard-%s" (base . | trimSuffix ".json" | lower | replace "_" "-") -}}
{{- end -}}

{{/* The JSON of a dashboard: `root`, and the `path` of its file. Grafana 9 has no shades of one colour, and a palette. */}}
{{- define "leverwatch.dashboard" -}}
{{- $json := .root.Files.Get .path | trim -}}
{{- if .root.Values.dashboards.grafana9 -}}
{{- $json = regexReplaceAll "\"mode\": ?\"shades\"" $json "\"mode\":\"palette-classic\"" -}}
{{- end -}}
{{- $json -}}
{{- end -}}
