{{/* Parts that the pods of both roles share. */}}

{{- define "aster-drive.image" -}}
{{- with .Values.image -}}
{{- if .digest }}{{ .repository }}@{{ .digest }}{{ else }}{{ .repository }}:{{ default $.Chart.AppVersion .tag }}{{ end -}}
{{- end -}}
{{- end -}}

{{/*
dict prefix, settings: a tree of settings as environment variables, in alphabetical order. Numbers in values are floats;
a whole one must not come out as 1.3e+08. Lists are one text with commas.
*/}}
{{- define "aster-drive.settings.env" -}}
{{- range $key, $value := .settings }}
{{- $name := printf "%s__%s" $.prefix (upper $key) }}
{{- if kindIs "map" $value }}
{{- include "aster-drive.settings.env" (dict "prefix" $name "settings" $value) }}
{{- else if not (kindIs "invalid" $value) }}
- name: {{ $name }}
  value: {{ include "aster-drive.settings.value" $value | quote }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "aster-drive.settings.value" -}}
{{- if kindIs "slice" . -}}
{{- join "," . -}}
{{- else if and (kindIs "float64" .) (eq . (floor .)) -}}
{{- int64 . -}}
{{- else -}}
{{- . -}}
{{- end -}}
{{- end -}}

{{/* dict root, config, prefix of the default name */}}
{{- define "aster-drive.serviceAccount.name" -}}
{{- if .config.serviceAccount.create -}}
{{- default .default .config.serviceAccount.name -}}
{{- else -}}
{{- default "default" .config.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/*
dict root, config, component, group, default (name of the service account): everything in a pod's spec around the
container. The grace is longer than what the program gives open requests, so that it ends by itself.
*/}}
{{- define "aster-drive.pod.spec" -}}
serviceAccountName: {{ include "aster-drive.serviceAccount.name" . }}
automountServiceAccountToken: false
enableServiceLinks: false
terminationGracePeriodSeconds: {{ add (int .config.settings.server.shutdown_grace_secs) 15 }}
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- toYaml .config.podSecurityContext | nindent 2 }}
{{- with .config.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .config.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .config.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .config.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- if .config.topologySpreadConstraints }}
topologySpreadConstraints:
  {{- range .config.topologySpreadConstraints }}
  {{- $selector := dict "labelSelector" (dict "matchLabels" (include "aster-drive.selector" $ | fromYaml)) }}
  - {{ toYaml (merge (deepCopy .) $selector) | nindent 4 | trim }}
  {{- end }}
{{- end }}
{{- end -}}

{{/*
dict root, config, env (YAML), mounts (YAML), startupSeconds: the container. `data/` counts from the working directory,
and so must be the volume's mount point. Liveness asks for the process only: a follower without target, or one that
waits for its primary, is not helped by being started anew.
*/}}
{{- define "aster-drive.container" -}}
name: aster-drive
image: {{ include "aster-drive.image" .root | quote }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
workingDir: /
ports:
  - name: http
    containerPort: 3000
env:
  - name: ASTER__SERVER__PORT
    value: "3000"
  {{- include "aster-drive.settings.env" (dict "prefix" "ASTER" "settings" .config.settings) | trim | nindent 2 }}
  {{- .env | nindent 2 }}
  {{- with .config.extraEnv }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with .config.extraEnvFrom }}
envFrom:
  {{- toYaml . | nindent 2 }}
{{- end }}
startupProbe:
  httpGet: {path: /health, port: http}
  periodSeconds: 2
  timeoutSeconds: 5
  failureThreshold: {{ max 1 (div (add (int .startupSeconds) 1) 2) }}
livenessProbe:
  httpGet: {path: /health, port: http}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
readinessProbe:
  httpGet: {path: /health/ready, port: http}
  periodSeconds: 5
  timeoutSeconds: 5
  failureThreshold: 3
resources:
  {{- toYaml .config.resources | nindent 2 }}
securityContext:
  {{- toYaml .config.securityContext | nindent 2 }}
volumeMounts:
  - name: data
    mountPath: /data
  {{- .mounts | nindent 2 }}
  {{- with .config.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{/* dict root, name, component, group, budget, selector */}}
{{- define "aster-drive.budget" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ .name }}
  {{- include "aster-drive.metadata" . | nindent 2 }}
spec:
  maxUnavailable: {{ .config.podDisruptionBudget.maxUnavailable }}
  {{- if semverCompare ">=1.27-0" .root.Capabilities.KubeVersion.Version }}
  # A pod that is broken anyway must not hold up the draining of its machine.
  unhealthyPodEvictionPolicy: AlwaysAllow
  {{- end }}
  selector:
    matchLabels:
      {{- include "aster-drive.selector" . | nindent 6 }}
{{- end -}}

{{/* dict root, name, component, group, config */}}
{{- define "aster-drive.serviceAccount" -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ include "aster-drive.serviceAccount.name" . }}
  {{- include "aster-drive.metadata" . | nindent 2 }}
  {{- with .config.serviceAccount.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
automountServiceAccountToken: false
{{- end -}}
