{{/* What a schema cannot say: values that contradict each other. Each text names the value, what it is, and what is accepted. */}}
{{- define "darq.checks" -}}
{{- $values := .Values -}}
{{- $names := dict -}}
{{- range $kind := list "pubsub" "state" "bindings" -}}
  {{- range $name, $spec := index $values.components $kind -}}
    {{- if hasKey $names $name -}}
      {{- fail (printf "components.%s.%s: components.%s has this name too; give one of them another name" $kind $name (get $names $name)) -}}
    {{- end -}}
    {{- $_ := set $names $name $kind -}}
  {{- end -}}
{{- end -}}
{{- range $name, $subscription := $values.subscriptions -}}
  {{- $pubsub := index $values.components.pubsub $subscription.pubsub -}}
  {{- if not (hasKey $values.components.pubsub $subscription.pubsub) -}}
    {{- fail (printf "subscriptions.%s.pubsub: %q is not a name in components.pubsub; accepted: %s" $name $subscription.pubsub (keys $values.components.pubsub | sortAlpha | join ", ")) -}}
  {{- end -}}
  {{- if eq (toString (default dict $pubsub).enabled) "false" -}}
    {{- fail (printf "subscriptions.%s.pubsub: components.pubsub.%s is not enabled" $name $subscription.pubsub) -}}
  {{- end -}}
  {{- if not (or (hasKey $subscription "route") (hasKey $subscription "rules")) -}}
    {{- fail (printf "subscriptions.%s: there is neither route nor rules; give route: the path of the app" $name) -}}
  {{- end -}}
{{- end -}}
{{- if $values.redis.sentinel.enabled -}}
  {{- if not $values.redis.sentinel.masterName -}}
    {{- fail "redis.sentinel.masterName: it is empty; give the name that the sentinels monitor" -}}
  {{- end -}}
{{- else -}}
  {{- if $values.redis.sentinel.masterName -}}
    {{- fail (printf "redis.sentinel.masterName: it is %q, and redis.sentinel.enabled is false; set that to true, or leave this empty" $values.redis.sentinel.masterName) -}}
  {{- end -}}
  {{- if contains "," $values.redis.host -}}
    {{- fail (printf "redis.host: %q has several addresses, and redis.sentinel.enabled is false; give one, or set that to true" $values.redis.host) -}}
  {{- end -}}
{{- end -}}
{{- range $field := list "caSecret" "clientSecret" -}}
  {{- if (index $values.redis.tls $field).name -}}
    {{- if not $values.redis.tls.enabled -}}
      {{- fail (printf "redis.tls.%s.name: it is %q, and redis.tls.enabled is false; set that to true, or leave this empty" $field (index $values.redis.tls $field).name) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- if and $values.redis.tls.caSecret.name $values.redis.tls.insecureSkipVerify -}}
  {{- fail "redis.tls.caSecret.name: redis.tls.insecureSkipVerify is true, which accepts any certificate; give one of the two" -}}
{{- end -}}
{{- if $values.redis.dev.enabled -}}
  {{- if or $values.redis.tls.enabled $values.redis.sentinel.enabled -}}
    {{- fail "redis.dev.enabled: the Redis for development has neither TLS nor sentinels; set redis.tls.enabled and redis.sentinel.enabled to false" -}}
  {{- end -}}
  {{- if ne (int $values.redis.database) 0 -}}
    {{- fail (printf "redis.database: it is %d; the Redis for development has one database, 0" (int $values.redis.database)) -}}
  {{- end -}}
{{- end -}}
{{- if $values.podDisruptionBudget.enabled -}}
  {{- if not $values.apps -}}
    {{- fail "podDisruptionBudget.enabled: apps is empty; name the apps that get a budget in apps" -}}
  {{- end -}}
{{- end -}}
{{- range $place, $labels := dict "labels" $values.labels "podMonitor.labels" $values.podMonitor.labels "serviceMonitor.labels" $values.serviceMonitor.labels "prometheusRule.labels" $values.prometheusRule.labels "dashboard.labels" $values.dashboard.labels -}}
  {{- range $name := list "name" "instance" "version" "managed-by" "component" -}}
    {{- if hasKey $labels (printf "app.kubernetes.io/%s" $name) -}}
      {{- fail (printf "%s.app.kubernetes.io/%s: the chart gives this label itself, and selects by it; leave it out" $place $name) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- if hasKey $values.prometheusRule.alertLabels "severity" -}}
  {{- fail "prometheusRule.alertLabels.severity: each alert has its own; leave it out" -}}
{{- end -}}
{{- range $name, $value := $values.container.env -}}
  {{- with get (fromYaml (include "darq.ownVariables" $)) $name -}}
    {{- fail (printf "container.env.%s: the chart gives this variable itself; %s" $name .) -}}
  {{- end -}}
  {{- if regexMatch "^DARQ_.*(PASSWORD|CLIENT_KEY)$" $name -}}
    {{- fail (printf "container.env.%s: a secret is no value of this chart; all components log in with redis.passwordSecret" $name) -}}
  {{- end -}}
{{- end -}}
{{- if eq $values.container.name "daprd" -}}
  {{- fail "container.name: it is \"daprd\", the name of Dapr's own container; give another one" -}}
{{- end -}}
{{- if and $values.example.enabled (eq $values.container.name "app") -}}
  {{- fail "container.name: it is \"app\", the name of the example's own container; give another one" -}}
{{- end -}}
{{- if and (include "darq.isNative" .) (not $values.probes.startup.enabled) -}}
  {{- fail "probes.startup.enabled: it is false; a native sidecar needs it, because Kubernetes starts the other containers when it is good" -}}
{{- end -}}
{{- if and $values.networkPolicy.enabled (not $values.networkPolicy.metricsFrom) (or $values.podMonitor.enabled $values.serviceMonitor.enabled) -}}
  {{- fail "networkPolicy.metricsFrom: it is empty, so that the monitor could read no metrics; name the pods or the namespace of Prometheus" -}}
{{- end -}}
{{- if and $values.podMonitor.enabled $values.serviceMonitor.enabled -}}
  {{- fail "serviceMonitor.enabled: podMonitor.enabled is true too, so that each metric would be read twice; set one of them to false" -}}
{{- end -}}
{{- if $values.keda.enabled -}}
  {{- range $field := list "deployment" "group" -}}
    {{- if not (index $values.keda $field) -}}
      {{- fail (printf "keda.%s: it is empty; name the %s to scale" $field $field) -}}
    {{- end -}}
  {{- end -}}
  {{- if lt (int $values.keda.maxReplicas) (int $values.keda.minReplicas) -}}
    {{- fail (printf "keda.maxReplicas: it is %d, less than keda.minReplicas, %d" (int $values.keda.maxReplicas) (int $values.keda.minReplicas)) -}}
  {{- end -}}
{{- end -}}
{{- if $values.example.enabled -}}
  {{- range $name := list "bank" "work" "ledger" -}}
    {{- if hasKey $names $name -}}
      {{- fail (printf "components.%s.%s: the example has a component of this name; give it another name, or set example.enabled to false" (get $names $name) $name) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- end }}

{{/* What the chart gives the component in its environment, and the value of the chart that says it. */}}
{{- define "darq.ownVariables" -}}
DARQ_ADMIN_ADDRESS: set admin.host and admin.port
DARQ_LOG_LEVEL: set container.logLevel
DARQ_SOCKET_MODE: set container.socketMode
DARQ_SOCKET_NAME: Dapr takes the type of the components from the name of the socket
DAPR_COMPONENTS_SOCKETS_FOLDER: Dapr's sidecar looks into the default folder
DAPR_COMPONENT_SOCKETS_FOLDER: Dapr's sidecar looks into the default folder
DARQ_REDIS_PASSWORD: set redis.passwordSecret
DARQ_SENTINEL_PASSWORD: set redis.sentinel.passwordSecret
DARQ_CLIENT_KEY: set redis.tls.clientSecret
DAPR_API_TOKEN: set container.apiTokenSecret
{{- end }}
