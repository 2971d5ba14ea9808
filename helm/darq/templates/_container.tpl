{{/* The component's container: in the pod of an app, or as JSON in the annotation that Dapr's injector reads. */}}
{{- define "darq.container" -}}
{{- $values := .Values -}}
{{- $container := $values.container -}}
name: {{ $container.name | quote }}
image: {{ include "darq.image" . | quote }}
imagePullPolicy: {{ $values.image.pullPolicy }}
{{- if include "darq.isNative" . }}
restartPolicy: Always
{{- end }}
env:
- name: DARQ_ADMIN_ADDRESS
  value: {{ printf "%s:%d" $values.admin.host (int $values.admin.port) | quote }}
- name: DARQ_LOG_LEVEL
  value: {{ $container.logLevel | quote }}
- name: DARQ_SOCKET_MODE
  value: {{ $container.socketMode | quote }}
{{- if include "darq.isNative" . }}
- name: DAPR_COMPONENTS_SOCKETS_FOLDER
  value: /tmp/dapr-components-sockets
{{- end }}
{{- /* Dapr's sidecar sends secrets once; these are for a component that restarts alone. */}}
{{- with $values.redis.passwordSecret }}{{ if .name }}
- name: DARQ_REDIS_PASSWORD
  valueFrom:
    secretKeyRef: {{ toJson (dict "name" .name "key" .key) }}
{{- end }}{{ end }}
{{- if $values.redis.sentinel.enabled }}{{ with $values.redis.sentinel.passwordSecret }}{{ if .name }}
- name: DARQ_SENTINEL_PASSWORD
  valueFrom:
    secretKeyRef: {{ toJson (dict "name" .name "key" .key) }}
{{- end }}{{ end }}{{ end }}
{{- if $values.redis.tls.enabled }}{{ with $values.redis.tls.clientSecret.name }}
- name: DARQ_CLIENT_KEY
  valueFrom:
    secretKeyRef: {{ toJson (dict "name" . "key" "tls.key") }}
{{- end }}{{ end }}
{{- with $container.apiTokenSecret }}
- name: DAPR_API_TOKEN
  valueFrom:
    secretKeyRef: {{ toJson (dict "name" . "key" "token") }}
{{- end }}
{{- range $name, $value := $container.env }}
- name: {{ $name | quote }}
  value: {{ $value | quote }}
{{- end }}
ports:
- name: darq-admin
  containerPort: {{ int $values.admin.port }}
  protocol: TCP
{{- include "darq.probe" (dict "probe" $values.probes.startup "field" "startupProbe" "path" "/healthz") }}
{{- include "darq.probe" (dict "probe" $values.probes.liveness "field" "livenessProbe" "path" "/healthz") }}
{{- include "darq.probe" (dict "probe" $values.probes.readiness "field" "readinessProbe" "path" "/readyz") }}
resources: {{ toJson $container.resources }}
securityContext:
  runAsNonRoot: true
  {{- /* Numbers of values are floating point here, and would else be written as 1e+06. */}}
  runAsUser: {{ int64 $container.user }}
  runAsGroup: {{ int64 $container.user }}
  readOnlyRootFilesystem: true
  allowPrivilegeEscalation: false
  capabilities:
    drop: [ALL]
  seccompProfile:
    type: RuntimeDefault
{{- if include "darq.isNative" . }}
volumeMounts:
- name: darq-socket
  mountPath: /tmp/dapr-components-sockets
{{- end }}
{{- end }}

{{- define "darq.probe" -}}
{{- if .probe.enabled }}
{{ .field }}:
  httpGet:
    path: {{ .path }}
    port: darq-admin
  periodSeconds: {{ .probe.periodSeconds }}
  timeoutSeconds: {{ .probe.timeoutSeconds }}
  failureThreshold: {{ .probe.failureThreshold }}
{{- end }}
{{- end }}

{{- define "darq.isNative" -}}
{{- if eq .Values.mode "sidecar" }}{{ if .Values.sidecar.native }}true{{ end }}{{ end }}
{{- end }}
