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
