{{/* Wherever the cluster's DNS runs, it listens on port 53. */}}
{{- define "aster-drive.network.dns" -}}
- ports:
    - {port: 53, protocol: UDP}
    - {port: 53, protocol: TCP}
{{- end -}}
