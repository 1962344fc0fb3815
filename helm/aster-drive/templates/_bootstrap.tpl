{{/* The declared bootstrap: what the primary reads as ASTER_BOOTSTRAP_FILE. Texts are JSON strings, which TOML reads too. */}}

{{- define "aster-drive.bootstrap.file" -}}
{{- $root := . -}}
{{- $policies := list -}}
{{- range $group := include "aster-drive.groups" $ | fromJsonArray }}
{{- $config := include "aster-drive.group" (dict "root" $root "group" $group) | fromJson }}
{{- range $replica := until (int $config.replicas) }}
{{- $follower := dict "root" $root "group" $group "replica" $replica "config" $config }}
{{- include "aster-drive.bootstrap.node" $follower }}
{{- if $config.policy.enabled }}
{{- $policies = append $policies (printf "%s-%d" $group $replica) }}
{{- include "aster-drive.bootstrap.policy" $follower }}
{{- end }}
{{- end }}
{{- end }}
{{- range default (include "aster-drive.bootstrap.everyone" $policies | fromJsonArray) .Values.bootstrap.policyGroups -}}
[[groups]]
name = {{ .name | toJson }}
is_default = {{ default false .default }}
{{- range .rules }}
{{- if not (has .policy $policies) }}
{{- fail (printf "bootstrap.policyGroups: group %s has a rule for the policy %q, which no follower makes; there are: %s" .name .policy (join ", " $policies)) }}
{{- end }}
[[groups.rules]]
policy = {{ printf "%s-%s" (include "aster-drive.fullname" $root) .policy | toJson }}
priority = {{ int .priority }}
min_file_size = {{ int64 (default 0 .minFileSize) }}
max_file_size = {{ int64 (default 0 .maxFileSize) }}
{{- end }}

{{ end }}
{{- .Values.bootstrap.extra }}
{{- end -}}

{{- define "aster-drive.bootstrap.node" -}}
{{- $name := include "aster-drive.pod.name" . | toJson -}}
{{- $target := .config.target -}}
[[nodes]]
name = {{ $name }}
namespace = {{ $name }}
base_url = {{ include "aster-drive.follower.url" . | toJson }}
token_file = {{ printf "/run/secrets/enrollment/%s" (include "aster-drive.pod.name" .) | toJson }}
[[nodes.targets]]
name = {{ ternary "bucket" "data" (eq $target.type "s3") | toJson }}
driver_type = {{ $target.type | toJson }}
base_path = {{ $target.basePath | toJson }}
max_file_size = {{ int64 $target.maxFileSize }}
is_default = true
{{- if eq $target.type "s3" }}
{{- if not (and $target.s3.endpoint $target.s3.bucket $target.s3.existingSecret) }}
{{- fail (printf "followers.%s.target: type s3 needs s3.endpoint, s3.bucket and s3.existingSecret" .group) }}
{{- end }}
endpoint = {{ $target.s3.endpoint | toJson }}
bucket = {{ $target.s3.bucket | toJson }}
{{- with $target.s3.region }}
region = {{ . | toJson }}
{{- end }}
addressing = {{ $target.s3.addressing | toJson }}
access_key_file = {{ printf "/run/secrets/s3-%s/access-key" .group | toJson }}
secret_key_file = {{ printf "/run/secrets/s3-%s/secret-key" .group | toJson }}
{{- end }}

{{ end -}}

{{- define "aster-drive.bootstrap.policy" -}}
{{- $name := include "aster-drive.pod.name" . | toJson -}}
[[policies]]
name = {{ $name }}
driver_type = "remote"
node = {{ $name }}
base_path = {{ .config.policy.basePath | toJson }}
max_file_size = {{ int64 .config.policy.maxFileSize }}
{{- if not (kindIs "invalid" .config.policy.chunkSize) }}
chunk_size = {{ int64 .config.policy.chunkSize }}
{{- end }}
{{- range $key, $value := .config.policy.options }}
options.{{ $key }} = {{ $value | toJson }}
{{- end }}

{{ end -}}

{{/* A list of policies: one default group with a rule for each, as JSON; none without policies. */}}
{{- define "aster-drive.bootstrap.everyone" -}}
{{- if . -}}
{{- $rules := list -}}
{{- range $index, $policy := . -}}
{{- $rules = append $rules (dict "policy" $policy "priority" (add1 $index)) -}}
{{- end -}}
{{- list (dict "name" "everyone" "default" true "rules" $rules) | toJson -}}
{{- else -}}
[]
{{- end -}}
{{- end -}}
