{{/*
Names, labels and the image. Every template of this chart takes a context with Values and Release and asks for nothing else, so that a chart
that has this one as a dependency can call them: include "darq.container" (dict "Values" .Values.darq "Release" .Release).
*/}}

{{/* The version of the component. A template that is called by another chart sees that chart's appVersion; a test compares this one with ours. */}}
{{- define "darq.version" -}}
0.1.0
{{- end }}

{{- define "darq.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride -}}
{{- else if contains "darq" .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-darq" .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end }}

{{- define "darq.image" -}}
{{- $image := .Values.image -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $image.repository $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $image.repository (default (include "darq.version" .) $image.tag) -}}
{{- end -}}
{{- end }}

{{- define "darq.labels" -}}
{{- include "darq.labelsWith" (dict "root" . "added" dict) }}
{{- end }}

{{/* With labels for one resource, which win over labels. Takes root and added. */}}
{{- define "darq.labelsWith" -}}
{{- $root := .root -}}
app.kubernetes.io/name: darq
app.kubernetes.io/instance: {{ $root.Release.Name | quote }}
app.kubernetes.io/version: {{ include "darq.version" $root | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
{{- /* Those above are refused in both (_checks.tpl): a name that is given twice is no YAML. */}}
{{- with merge dict .added $root.Values.labels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* The pods of the apps. Dapr's injector gives each pod the label with its app id. */}}
{{- define "darq.appSelector" -}}
{{- if .Values.apps -}}
matchExpressions:
- key: dapr.io/app-id
  operator: In
  values: {{ toJson .Values.apps }}
{{- else -}}
matchLabels:
  dapr.io/sidecar-injected: "true"
{{- end -}}
{{- end }}
