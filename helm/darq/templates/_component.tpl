{{/* One Component. Takes root, kind (pubsub, state, bindings), name and spec: an entry of components.<kind>. */}}
{{- define "darq.component" -}}
{{- $root := .root -}}
{{- $values := $root.Values -}}
{{- $spec := .spec -}}
apiVersion: dapr.io/v1alpha1
kind: Component
metadata:
  name: {{ .name | quote }}
  labels: {{- include "darq.labels" $root | nindent 4 }}
  {{- if eq $values.mode "injector" }}
  annotations:
    {{- /* The injector adds one container for each image, however many Components name it. */}}
    dapr.io/component-container: |-
      {{- include "darq.container" $root | fromYaml | toPrettyJson | nindent 6 }}
  {{- end }}
spec:
  type: {{ .kind }}.darq
  version: v1
  # How long the sidecar waits for Init before it ends itself.
  initTimeout: {{ default $values.components.initTimeout $spec.initTimeout }}
  metadata:
  {{- $texts := fromYaml (include "darq.connection" $root) }}
  {{- if ne .kind "state" }}
    {{- $_ := set $texts "restartSidecar" $values.components.restartSidecar }}
  {{- end }}
  {{- $settings := default dict $spec.settings }}
  {{- if eq .kind "bindings" }}
    {{- $_ := set $texts "appID" "{appID}" }}
    {{- $reads := or (hasKey $settings "topic") (hasKey $settings "topics") }}
    {{- $_ := set $texts "direction" (ternary "input, output" "output" $reads) }}
  {{- end }}
  {{- range $name, $value := $settings }}
    {{- /* Numbers of values are floating point here, and would else be written as 1e+06. */}}
    {{- $_ := set $texts $name (ternary (toString (int64 $value)) (toString $value) (kindIs "float64" $value)) }}
  {{- end }}
  {{- range $name, $value := $texts }}
  - name: {{ $name }}
    value: {{ $value | quote }}
  {{- end }}
  {{- $secrets := fromYaml (include "darq.connectionSecrets" $root) }}
  {{- range $name, $reference := merge $secrets (default dict $spec.secrets) }}
  - name: {{ $name }}
    secretKeyRef:
      name: {{ $reference.name | quote }}
      key: {{ $reference.key | quote }}
  {{- end }}
auth:
  secretStore: {{ $values.components.secretStore | quote }}
{{- with default $values.apps $spec.scopes }}
scopes: {{ toJson . }}
{{- end }}
{{- end }}

{{/* The settings of the connection that are plain text, as a map. */}}
{{- define "darq.connection" -}}
{{- $redis := .Values.redis -}}
redisHost: {{ include "darq.redisHost" . | quote }}
namespace: {{ .Values.namespace | quote }}
{{- with $redis.username }}
redisUsername: {{ . | quote }}
{{- end }}
{{- if ne (int $redis.database) 0 }}
redisDB: {{ int $redis.database | toString | quote }}
{{- end }}
{{- if $redis.tls.enabled }}
enableTLS: "true"
{{- if $redis.tls.insecureSkipVerify }}
insecureSkipTLSVerify: "true"
{{- end }}
{{- end }}
{{- if $redis.sentinel.enabled }}
failover: "true"
sentinelMasterName: {{ $redis.sentinel.masterName | quote }}
{{- with $redis.sentinel.username }}
sentinelUsername: {{ . | quote }}
{{- end }}
{{- end }}
{{- end }}

{{/* Those that are secret, each as name and key of a Secret. */}}
{{- define "darq.connectionSecrets" -}}
{{- $redis := .Values.redis -}}
{{- $secrets := dict -}}
{{- if $redis.passwordSecret.name }}
  {{- $_ := set $secrets "redisPassword" $redis.passwordSecret }}
{{- end }}
{{- if $redis.tls.enabled }}{{ with $redis.tls.caSecret }}{{ if .name }}
  {{- $_ := set $secrets "caCert" . }}
{{- end }}{{ end }}{{ end }}
{{- if $redis.tls.enabled }}{{ with $redis.tls.clientSecret.name }}
  {{- $_ := set $secrets "clientCert" (dict "name" . "key" "tls.crt") }}
  {{- $_ := set $secrets "clientKey" (dict "name" . "key" "tls.key") }}
{{- end }}{{ end }}
{{- if $redis.sentinel.enabled }}{{ if $redis.sentinel.passwordSecret.name }}
  {{- $_ := set $secrets "sentinelPassword" $redis.sentinel.passwordSecret }}
{{- end }}{{ end }}
{{- toYaml $secrets }}
{{- end }}

{{- define "darq.redisHost" -}}
{{- if .Values.redis.dev.enabled -}}
{{ include "darq.fullname" . }}-redis:6379
{{- else -}}
{{ .Values.redis.host }}
{{- end -}}
{{- end }}
