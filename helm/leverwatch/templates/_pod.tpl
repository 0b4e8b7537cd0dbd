{{/* The pod of the StatefulSet, of the Deployment and of the DaemonSet. */}}
{{- define "leverwatch.podTemplate" -}}
metadata:
  labels:
    {{- $selector := include "leverwatch.selectorLabels" . | fromYaml }}
    {{- $version := dict "app.kubernetes.io/version" .Chart.AppVersion }}
    {{- mergeOverwrite $version (default dict .Values.commonLabels) (default dict .Values.podLabels) $selector | toYaml | nindent 4 }}
  annotations:
    # A changed configuration restarts the pod: no signal crosses containers.
    checksum/config: {{ printf "%s\n%s" (include "leverwatch.config" .) (include "leverwatch.webConfig" .) | sha256sum }}
    kubectl.kubernetes.io/default-container: leverwatch
    {{- with .Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "leverwatch.serviceAccountName" . }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.podSecurityContext }}
  securityContext:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds }}
  {{- with .Values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with .Values.extraInitContainers }}
  initContainers:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - name: leverwatch
      {{- include "leverwatch.container" . | nindent 6 }}
    {{- with .Values.extraContainers }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  volumes:
    {{- include "leverwatch.volumes" . | nindent 4 }}
  {{- with .Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.topologySpreadConstraints }}
  topologySpreadConstraints:
    {{- range . }}
    {{- $selector := dict "labelSelector" (dict "matchLabels" (include "leverwatch.selectorLabels" $ | fromYaml)) }}
    - {{ toYaml (merge (deepCopy .) $selector) | nindent 6 | trim }}
    {{- end }}
  {{- end }}
{{- end -}}

{{- define "leverwatch.container" -}}
image: {{ include "leverwatch.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
command: [leverwatch, run]
env:
  # What `kubectl exec` starts finds the configuration too.
  - name: LEVERWATCH_CONFIG
    value: /etc/leverwatch/config/leverwatch.yaml
  {{- if .Values.daemonSet.enabled }}
  # Tells the sources of the nodes apart.
  - name: NODE_NAME
    valueFrom:
      fieldRef:
        fieldPath: spec.nodeName
  {{- end }}
  # The root is read-only; git and ssh look for a home.
  - name: HOME
    value: /tmp
  {{- with .Values.store.postgresql.urlSecret }}
  {{- if .name }}
  - name: LEVERWATCH_STORE_URL
    valueFrom:
      secretKeyRef:
        name: {{ .name }}
        key: {{ .key }}
  {{- end }}
  {{- end }}
  {{- range $name, $from := .Values.secretEnv }}
  - name: {{ $name }}
    valueFrom:
      secretKeyRef:
        name: {{ $from.secret }}
        key: {{ $from.key }}
  {{- end }}
  {{- with .Values.extraEnv }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with .Values.extraEnvFrom }}
envFrom:
  {{- toYaml . | nindent 2 }}
{{- end }}
ports:
  - name: http
    containerPort: 9847
    protocol: TCP
  - name: probe
    containerPort: 9848
    protocol: TCP
startupProbe:
  httpGet: {path: /-/healthy, port: probe}
  {{- with .Values.startupProbe }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
livenessProbe:
  httpGet: {path: /-/healthy, port: probe}
  {{- with .Values.livenessProbe }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
readinessProbe:
  httpGet: {path: /-/ready, port: probe}
  {{- with .Values.readinessProbe }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with .Values.resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.securityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
volumeMounts:
  - name: config
    mountPath: /etc/leverwatch/config
    readOnly: true
  {{- if eq .Values.store.type "sqlite" }}
  - name: data
    mountPath: /var/lib/leverwatch
  {{- end }}
  - name: git-cache
    mountPath: /var/cache/leverwatch
  - name: tmp
    mountPath: /tmp
  {{- if .Values.store.postgresql.passwordSecret.name }}
  - name: store-password
    mountPath: /etc/leverwatch/store
    readOnly: true
  {{- end }}
  {{- if .Values.web.config.existingSecret }}
  - name: web-config
    mountPath: /etc/leverwatch/web
    readOnly: true
  {{- end }}
  {{- if .Values.web.tls.existingSecret }}
  - name: tls
    mountPath: /etc/leverwatch/tls
    readOnly: true
  {{- end }}
  {{- range $folder, $_ := .Values.secretFiles }}
  - name: secret-{{ $folder }}
    mountPath: /etc/leverwatch/secrets/{{ $folder }}
    readOnly: true
  {{- end }}
  {{- with .Values.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{- define "leverwatch.volumes" -}}
- name: config
  configMap:
    name: {{ include "leverwatch.fullname" . }}
{{- if and (eq .Values.store.type "sqlite") (not .Values.persistence.enabled) }}
- name: data
  emptyDir: {}
{{- else if and (eq .Values.store.type "sqlite") .Values.persistence.existingClaim }}
- name: data
  persistentVolumeClaim:
    claimName: {{ .Values.persistence.existingClaim }}
{{- end }}
- name: git-cache
  {{- if .Values.gitCache.volume }}
  {{- toYaml .Values.gitCache.volume | nindent 2 }}
  {{- else }}
  emptyDir:
    sizeLimit: {{ .Values.gitCache.sizeLimit }}
  {{- end }}
- name: tmp
  emptyDir: {}
{{- with .Values.store.postgresql.passwordSecret }}
{{- if .name }}
- name: store-password
  secret:
    secretName: {{ .name }}
    # Readable for the group of the pod, which `fsGroup` sets.
    defaultMode: 0440
    items:
      - key: {{ .key }}
        path: password
{{- end }}
{{- end }}
{{- with .Values.web.config }}
{{- if .existingSecret }}
- name: web-config
  secret:
    secretName: {{ .existingSecret }}
    defaultMode: 0440
    items:
      - key: {{ .key }}
        path: web-config.yaml
{{- end }}
{{- end }}
{{- with .Values.web.tls.existingSecret }}
- name: tls
  secret:
    secretName: {{ . }}
    defaultMode: 0440
{{- end }}
{{- range $folder, $secret := .Values.secretFiles }}
- name: secret-{{ $folder }}
  secret:
    secretName: {{ $secret }}
    defaultMode: 0440
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}
