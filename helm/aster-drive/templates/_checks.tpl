{{/* What the schema cannot say. Each message names the value and what to do. */}}
{{- define "aster-drive.checks" -}}
{{- include "aster-drive.checks.settings" (dict "at" "primary" "settings" .Values.primary.settings) -}}
{{- if and .Values.primary.ingress.enabled (not .Values.primary.ingress.hosts) -}}
{{- fail "primary.ingress.hosts is empty; name the host that people use" -}}
{{- end -}}
{{- $followers := 0 -}}
{{- range $group := include "aster-drive.groups" $ | fromJsonArray -}}
{{- $config := include "aster-drive.group" (dict "root" $ "group" $group) | fromJson -}}
{{- $followers = add $followers (int $config.replicas) -}}
{{- include "aster-drive.checks.settings" (dict "at" (printf "followers.%s" $group) "settings" $config.settings) -}}
{{- range $name, $text := dict "baseUrl" $config.baseUrl "ingress.host" $config.ingress.host -}}
{{- if and $text (gt (int $config.replicas) 1) (not (or (contains "{pod}" $text) (contains "{replica}" $text))) -}}
{{- fail (printf "followers.%s.%s is the same for %d followers; write {pod} or {replica} where they differ" $group $name (int $config.replicas)) -}}
{{- end -}}
{{- end -}}
{{- if and $config.ingress.enabled (not $config.ingress.host) -}}
{{- fail (printf "followers.%s.ingress.host is empty; give one such as {pod}.storage.example.org" $group) -}}
{{- end -}}
{{- end -}}
{{- if gt (int .Values.primary.replicas) 1 -}}
{{- include "aster-drive.checks.several" (dict "root" . "followers" $followers) -}}
{{- end -}}
{{- end -}}

{{/* dict root, followers (their number): what several primaries need. What a Secret of somebody else holds is not seen here. */}}
{{- define "aster-drive.checks.several" -}}
{{- with .root.Values -}}
{{- if not (or .database.existingSecret (hasPrefix "postgres://" .database.url) (hasPrefix "postgresql://" .database.url)) -}}
{{- fail (printf "primary.replicas is %d, and several primaries need a PostgreSQL database: set database.existingSecret to a Secret with its URL, or database.url" (int .primary.replicas)) -}}
{{- end -}}
{{- if .primary.persistence.existingClaim -}}
{{- fail "primary.persistence.existingClaim is one volume, and several primaries cannot share it; leave it empty, they need none" -}}
{{- end -}}
{{- if eq (int $.followers) 0 -}}
{{- fail "primary.replicas is more than 1 and there is no follower: files would lie on one primary, where the others do not find them. Set followers.follower.replicas" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* dict at, settings: what the chart sets itself would be in the environment twice. */}}
{{- define "aster-drive.checks.settings" -}}
{{- $instead := dict "server.port" "the port in the pod is always 3000; see service" "server.start_mode" "the chart gives each pod its role" "database.url" "use database.url or database.existingSecret of the chart" "auth.jwt_secret" "use secrets.existingKeysSecret" "auth.storage_credential_secret_key" "use secrets.existingKeysSecret" -}}
{{- range $section, $keys := .settings -}}
{{- if kindIs "map" $keys -}}
{{- range $key, $_ := $keys -}}
{{- with index $instead (printf "%s.%s" $section $key) -}}
{{- fail (printf "%s.settings.%s.%s cannot be set here: %s" $.at $section $key .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
