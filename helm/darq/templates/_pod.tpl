{{/*
What the pod template of an app needs, for each part of it. Each of the four is empty where the mode needs nothing there, so that an app may
include all of them and change the mode by a value.
*/}}

{{/* metadata.annotations, beside dapr.io/enabled, dapr.io/app-id and dapr.io/app-port */}}
{{- define "darq.podAnnotations" -}}
{{- if eq .Values.mode "injector" -}}
dapr.io/inject-pluggable-components: "true"
{{- else if .Values.sidecar.native -}}
{{- /* The injector gives its sidecar the folder of ordinary containers only; this gives it the one of an init container. */ -}}
dapr.io/volume-mounts-rw: darq-socket:/tmp/dapr-components-sockets
{{- else -}}
dapr.io/pluggable-components: {{ .Values.container.name | quote }}
{{- end -}}
{{- end }}

{{/* spec.securityContext: the group that both containers need for the socket */}}
{{- define "darq.podSecurityContext" -}}
fsGroup: {{ int64 .Values.container.user }}
{{- end }}

{{/* The first entry of spec.initContainers */}}
{{- define "darq.initContainers" -}}
{{- if include "darq.isNative" . -}}
- {{ include "darq.container" . | nindent 2 | trim }}
{{- end -}}
{{- end }}

{{/* The first entry of spec.containers: the kubelet starts containers in this order */}}
{{- define "darq.containers" -}}
{{- if eq .Values.mode "sidecar" -}}
{{- if not .Values.sidecar.native -}}
- {{ include "darq.container" . | nindent 2 | trim }}
{{- end -}}
{{- end -}}
{{- end }}

{{/* An entry of spec.volumes */}}
{{- define "darq.volumes" -}}
{{- if include "darq.isNative" . -}}
- name: darq-socket
  emptyDir: {}
{{- end -}}
{{- end }}
