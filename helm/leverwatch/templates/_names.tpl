{{/* The short name: of the objects, and of the scrape job. */}}
{{- define "leverwatch.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* The name of every object. Short enough for what Kubernetes appends to the name of a StatefulSet. */}}
{{- define "leverwatch.fullname" -}}
{{- $name := include "leverwatch.name" . -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "leverwatch.serviceAccountName" -}}
{{- default (ternary (include "leverwatch.fullname" .) "default" .Values.serviceAccount.create) .Values.serviceAccount.name -}}
{{- end -}}

{{/* What tells the agent's pods from all others; it never changes during the life of a release. */}}
{{- define "leverwatch.selectorLabels" -}}
app.kubernetes.io/name: {{ include "leverwatch.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: agent
{{- end -}}

{{- define "leverwatch.testSelectorLabels" -}}
app.kubernetes.io/name: {{ include "leverwatch.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: test
{{- end -}}

{{/*
The metadata of an object: `root`, and what the object has of its own: `name` (what follows the common one),
`fullname` (instead of the common one), `namespace`, `labels`, `annotations`, `selector` (instead of the agent's).
*/}}
{{- define "leverwatch.metadata" -}}
{{- $values := .root.Values -}}
{{- $selector := default (include "leverwatch.selectorLabels" .root) .selector | fromYaml -}}
name: {{ default (include "leverwatch.fullname" .root) .fullname }}{{ .name }}
namespace: {{ default .root.Release.Namespace .namespace }}
labels:
  {{- mergeOverwrite (include "leverwatch.ownLabels" .root | fromYaml) (default dict $values.commonLabels) (default dict .labels) $selector | toYaml | nindent 2 }}
{{- with .annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "leverwatch.ownLabels" -}}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 }}
{{- end -}}

{{- define "leverwatch.image" -}}
{{- with .Values.image -}}
{{- $name := ternary (printf "%s/%s" .registry .repository) .repository (ne .registry "") -}}
{{- if .digest -}}
{{- printf "%s@%s" $name .digest -}}
{{- else -}}
{{- printf "%s:%s" $name (default $.Chart.AppVersion .tag) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* `StatefulSet`, `Deployment` or `DaemonSet`. */}}
{{- define "leverwatch.kind" -}}
{{- if .Values.daemonSet.enabled -}}
DaemonSet
{{- else -}}
{{- ternary "StatefulSet" "Deployment" (eq .Values.store.type "sqlite") -}}
{{- end -}}
{{- end -}}

{{- define "leverwatch.scheme" -}}
{{- ternary "https" "http" .Values.web.tls.enabled -}}
{{- end -}}
