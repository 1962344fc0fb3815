{{/* How a follower finds its primary and its token. Each container sees its own token and no other. */}}

{{- define "aster-drive.follower.env" -}}
- name: ASTER__SERVER__START_MODE
  value: follower
- name: POD_NAME
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
- name: ASTER_BOOTSTRAP_REMOTE_MASTER_URL
  value: {{ include "aster-drive.primary.url" . | quote }}
- name: ASTER_BOOTSTRAP_REMOTE_ENROLLMENT_TOKEN_FILE
  value: /run/secrets/enrollment-token
{{- end -}}

{{- define "aster-drive.follower.mounts" -}}
- name: enrollment
  mountPath: /run/secrets/enrollment-token
  subPathExpr: $(POD_NAME)
  readOnly: true
{{- end -}}
