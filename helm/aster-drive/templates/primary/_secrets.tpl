{{/* Environment, mounts and volumes that only the primary has. Secrets come as files: no process list shows them. */}}

{{- define "aster-drive.primary.env" -}}
- name: ASTER__SERVER__START_MODE
  value: primary
- name: ASTER__AUTH__JWT_SECRET_FILE
  value: /run/secrets/keys/jwt-secret
- name: ASTER__AUTH__STORAGE_CREDENTIAL_SECRET_KEY_FILE
  value: /run/secrets/keys/storage-credential-secret-key
{{- $auth := default dict .Values.primary.settings.auth }}
{{- if and (hasPrefix "http://" (include "aster-drive.site.url" .)) (not (hasKey $auth "bootstrap_insecure_cookies")) }}
# Without TLS a browser would not send back the cookie of a login.
- name: ASTER__AUTH__BOOTSTRAP_INSECURE_COOKIES
  value: "true"
{{- end }}
{{- if or .Values.database.url .Values.database.existingSecret }}
- name: ASTER__DATABASE__URL
  valueFrom:
    secretKeyRef:
      name: {{ include "aster-drive.secret.database" . }}
      key: {{ .Values.database.urlKey }}
{{- end }}
- name: ASTER_BOOTSTRAP_ADMIN_USERNAME
  value: {{ .Values.admin.username | quote }}
- name: ASTER_BOOTSTRAP_ADMIN_EMAIL
  value: {{ .Values.admin.email | quote }}
- name: ASTER_BOOTSTRAP_ADMIN_PASSWORD_FILE
  value: /run/secrets/admin/password
- name: ASTER_BOOTSTRAP_PUBLIC_SITE_URL
  value: {{ include "aster-drive.site.url" . | quote }}
- name: ASTER_BOOTSTRAP_FILE
  value: /run/bootstrap/bootstrap.toml
{{- end -}}

{{- define "aster-drive.primary.mounts" -}}
- name: bootstrap
  mountPath: /run/bootstrap
  readOnly: true
- name: keys
  mountPath: /run/secrets/keys
  readOnly: true
- name: admin
  mountPath: /run/secrets/admin
  readOnly: true
- name: enrollment
  mountPath: /run/secrets/enrollment
  readOnly: true
{{- range include "aster-drive.primary.buckets" . | fromJsonArray }}
- name: s3-{{ .group }}
  mountPath: /run/secrets/s3-{{ .group }}
  readOnly: true
{{- end }}
{{- end -}}

{{- define "aster-drive.primary.volumes" -}}
- name: bootstrap
  configMap:
    name: {{ include "aster-drive.fullname" . }}-bootstrap
- name: keys
  secret:
    secretName: {{ include "aster-drive.secret.keys" . }}
    defaultMode: 0440
- name: admin
  secret:
    secretName: {{ include "aster-drive.secret.admin" . }}
    defaultMode: 0440
    items:
      - key: {{ .Values.admin.passwordKey }}
        path: password
- name: enrollment
  secret:
    secretName: {{ include "aster-drive.secret.enrollment" . }}
    defaultMode: 0440
{{- range include "aster-drive.primary.buckets" . | fromJsonArray }}
- name: s3-{{ .group }}
  secret:
    secretName: {{ .s3.existingSecret }}
    defaultMode: 0440
    items:
      - key: {{ .s3.accessKeyKey }}
        path: access-key
      - key: {{ .s3.secretKeyKey }}
        path: secret-key
{{- end }}
{{- end -}}

{{/* Groups whose target is a bucket, as JSON: the primary hands the keys to the followers. */}}
{{- define "aster-drive.primary.buckets" -}}
{{- $buckets := list -}}
{{- range $group := include "aster-drive.groups" $ | fromJsonArray -}}
{{- $config := include "aster-drive.group" (dict "root" $ "group" $group) | fromJson -}}
{{- if and (eq $config.target.type "s3") (gt (int $config.replicas) 0) -}}
{{- $buckets = append $buckets (dict "group" $group "s3" $config.target.s3) -}}
{{- end -}}
{{- end -}}
{{- $buckets | toJson -}}
{{- end -}}
