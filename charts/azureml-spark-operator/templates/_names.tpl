{{- define "operator.name" -}}
azureml-spark-operator
{{- end }}

{{- define "operator.selector" -}}
app.kubernetes.io/name: {{ include "operator.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "operator.labels" -}}
{{ include "operator.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "operator.workloadIdentity" -}}
{{- if .Values.azure.workloadIdentity.clientId }}true{{ end }}
{{- end }}

{{/* The folder of the clouds file and of the certificates that it names. */}}
{{- define "operator.cloudsFolder" -}}
/etc/azureml-spark
{{- end }}

{{/* The clouds file: values as they are, with certificates as paths. */}}
{{- define "operator.clouds" -}}
{{- $folder := include "operator.cloudsFolder" . -}}
{{- $clouds := dict -}}
{{- range $name, $cloud := .Values.clouds -}}
{{- $entry := omit $cloud "caCertificate" "caSecretRef" -}}
{{- if or $cloud.caCertificate $cloud.caSecretRef -}}
{{- $entry = set $entry "caFile" (printf "%s/%s-ca.pem" $folder $name) -}}
{{- end -}}
{{- $clouds = set $clouds $name $entry -}}
{{- end -}}
{{- toYaml $clouds -}}
{{- end }}

{{/* The folder of the certificate that logs are served by. */}}
{{- define "operator.logsFolder" -}}
/etc/azureml-spark-logs
{{- end }}

{{- define "operator.logsName" -}}
{{ include "operator.name" . }}-logs
{{- end }}

{{- define "operator.logsSecret" -}}
{{ default (include "operator.logsName" .) .Values.logs.certificate.secretName }}
{{- end }}
