{{/* One alert of the rule file with what the values change of it. */}}
{{- define "leverwatch.rule" -}}
{{- $values := .root.Values.prometheusRule -}}
{{- $rule := deepCopy .rule -}}
{{- $change := .change -}}
{{- $job := printf "job=%q" (include "leverwatch.name" .root) -}}
{{- $_ := set $rule "expr" ($rule.expr | replace "job=\"leverwatch\"" $job) -}}
{{- range $key := list "expr" "for" "keep_firing_for" -}}
{{- if hasKey $change $key -}}
{{- $_ := set $rule $key (get $change $key) -}}
{{- end -}}
{{- if not (get $rule $key) -}}
{{- $_ := unset $rule $key -}}
{{- end -}}
{{- end -}}
{{- with $values.runbookUrlBase -}}
{{- $_ := set $rule.annotations "runbook_url" (printf "%s/%s.md" (trimSuffix "/" .) $rule.alert) -}}
{{- end -}}
{{- with $change.severity -}}
{{- $_ := set $rule.labels "severity" . -}}
{{- end -}}
{{- $_ := set $rule "labels" (mergeOverwrite $rule.labels (default dict $values.alertLabels) (default dict $change.labels)) -}}
{{- $_ := set $rule "annotations" (mergeOverwrite $rule.annotations (default dict $values.alertAnnotations) (default dict $change.annotations)) -}}
{{- toYaml $rule -}}
{{- end -}}
