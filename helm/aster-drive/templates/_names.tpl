{{/* Names, labels, references between objects. */}}

{{/*
Base of all names. A StatefulSet's name must stay below 53 characters (its pods carry it with a hash in a label), and a
group adds up to 16; so the base has at most 36. What is longer keeps its beginning and a hash of the whole.
*/}}
{{- define "aster-drive.fullname" -}}
{{- $chart := default .Chart.Name .Values.nameOverride -}}
{{- $full := .Values.fullnameOverride -}}
{{- if not $full -}}
{{- $full = ternary .Release.Name (printf "%s-%s" .Release.Name $chart) (contains $chart .Release.Name) -}}
{{- end -}}
{{- if gt (len $full) 36 -}}
{{- printf "%s-%s" (trunc 27 $full | trimSuffix "-") (sha256sum $full | trunc 8) -}}
{{- else -}}
{{- $full -}}
{{- end -}}
{{- end -}}

{{- define "aster-drive.primary.name" -}}{{ include "aster-drive.fullname" . }}-primary{{- end -}}

{{/* dict root, group */}}
{{- define "aster-drive.group.name" -}}{{ include "aster-drive.fullname" .root }}-{{ .group }}{{- end -}}

{{/* dict root, group, replica: the pod's name is also the node's, its namespace and its storage policy. */}}
{{- define "aster-drive.pod.name" -}}{{ include "aster-drive.group.name" . }}-{{ .replica }}{{- end -}}

{{- define "aster-drive.secret.admin" -}}
{{- default (printf "%s-admin" (include "aster-drive.fullname" .)) .Values.admin.existingSecret -}}
{{- end -}}
{{- define "aster-drive.secret.keys" -}}
{{- default (printf "%s-keys" (include "aster-drive.fullname" .)) .Values.secrets.existingKeysSecret -}}
{{- end -}}
{{- define "aster-drive.secret.enrollment" -}}
{{- default (printf "%s-enrollment" (include "aster-drive.fullname" .)) .Values.secrets.existingEnrollmentSecret -}}
{{- end -}}
{{- define "aster-drive.secret.database" -}}
{{- default (printf "%s-database" (include "aster-drive.fullname" .)) .Values.database.existingSecret -}}
{{- end -}}

{{/* dict root, component, group (followers only): labels that select pods. They never change. */}}
{{- define "aster-drive.selector" -}}
app.kubernetes.io/name: {{ default .root.Chart.Name .root.Values.nameOverride | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- with .group }}
aster-drive/group: {{ . }}
{{- end }}
{{- end -}}

{{/* dict root, component, group (followers only): metadata shared by all objects, name excepted. */}}
{{- define "aster-drive.metadata" -}}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- include "aster-drive.selector" . | nindent 2 }}
  app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
  app.kubernetes.io/managed-by: {{ .root.Release.Service }}
  helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
  {{- with .root.Values.commonLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{/* Names of the groups there are, as JSON. A group set to null is none; Helm drops it, but not in all versions. */}}
{{- define "aster-drive.groups" -}}
{{- $groups := list -}}
{{- range $group, $said := .Values.followers -}}
{{- if not (kindIs "invalid" $said) -}}
{{- $groups = append $groups $group -}}
{{- end -}}
{{- end -}}
{{- $groups | toJson -}}
{{- end -}}

{{/* dict root, group: what a group says, over followerDefaults; JSON. */}}
{{- define "aster-drive.group" -}}
{{- mustMergeOverwrite (deepCopy .root.Values.followerDefaults) (deepCopy (index .root.Values.followers .group)) | toJson -}}
{{- end -}}

{{/* dict root, group, replica, config: where the primary reaches a follower. */}}
{{- define "aster-drive.follower.url" -}}
{{- if .config.baseUrl -}}
{{- include "aster-drive.follower.fill" (merge (dict "text" .config.baseUrl) .) -}}
{{- else if .config.ingress.enabled -}}
{{- ternary "https" "http" .config.ingress.tls.enabled }}://{{ include "aster-drive.follower.host" . -}}
{{- else -}}
http://{{ include "aster-drive.pod.name" . }}.{{ include "aster-drive.group.name" . }}.{{ .root.Release.Namespace }}.svc:3000
{{- end -}}
{{- end -}}

{{- define "aster-drive.follower.host" -}}
{{- include "aster-drive.follower.fill" (merge (dict "text" .config.ingress.host) .) -}}
{{- end -}}

{{/* dict text, root, group, replica: fills in `{pod}` and `{replica}`. */}}
{{- define "aster-drive.follower.fill" -}}
{{- .text | replace "{pod}" (include "aster-drive.pod.name" .) | replace "{replica}" (toString .replica) -}}
{{- end -}}

{{/*
Where followers reach the primary. It depends on no value that may change: a follower that finds another address than
the one it enrolled through takes it for another primary.
*/}}
{{- define "aster-drive.primary.url" -}}
http://{{ include "aster-drive.primary.name" . }}-internal.{{ .Release.Namespace }}.svc:3000
{{- end -}}

{{/* The origin people use. */}}
{{- define "aster-drive.site.url" -}}
{{- if .Values.site.url -}}
{{- .Values.site.url -}}
{{- else if and .Values.primary.ingress.enabled .Values.primary.ingress.hosts -}}
{{- ternary "https" "http" .Values.primary.ingress.tls.enabled }}://{{ first .Values.primary.ingress.hosts -}}
{{- else -}}
http://localhost:3000
{{- end -}}
{{- end -}}
