{{- define "voxpop.labels" -}}
app.kubernetes.io/name: voxpop
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .part }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{- define "voxpop.selector" -}}
app.kubernetes.io/name: voxpop
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .part }}
{{- end }}

{{- define "voxpop.name" -}}
{{- printf "%s-%s" .root.Release.Name .part | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "voxpop.image" -}}
{{- $image := index .root.Values.image .image -}}
{{ $image.repository }}{{ if $image.digest }}@{{ $image.digest }}{{ else }}:{{ $image.tag | default .root.Chart.AppVersion }}{{ end }}
{{- end }}

{{/* What every pod has (`claimed`: but for its folder, which a claim brings; `rules`: with the tracks' rules): no rights, nothing to write to but two folders, no token of the API server. */}}
{{- define "voxpop.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  seccompProfile: { type: RuntimeDefault }
volumes:
  {{- if not .claimed }}
  - name: data
    emptyDir:
      sizeLimit: {{ .root.Values.dataSizeLimit }}
  {{- end }}
  - name: tmp
    emptyDir:
      sizeLimit: 256Mi
  {{- if and .rules .root.Values.tracks }}
  - name: tracks
    configMap:
      name: {{ .root.Release.Name }}-tracks
  {{- end }}
  {{- with .root.Values.tlsSecret }}
  - name: tls
    secret:
      secretName: {{ . }}
      defaultMode: 0440
  {{- end }}
{{- end }}

{{/* `early`: it runs before the ConfigMap is there. A Secret's settings stand above the ConfigMap's, those of `env` above both. */}}
{{- define "voxpop.container" -}}
image: {{ include "voxpop.image" . }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
{{- $rules := and .rules .root.Values.tracks }}
{{- $threads := and .cpu (not (hasKey (.settings | default dict) "VOXPOP_THREADS")) }}
{{- if or .settings .kafkaUser $rules $threads }}
env:
  {{- if and $rules (not (hasKey (.settings | default dict) "VOXPOP_TRACKS")) }}
  - { name: VOXPOP_TRACKS, value: /etc/voxpop/tracks/tracks.yaml }
  {{- end }}
  {{- if $threads }}
  - { name: VOXPOP_THREADS, valueFrom: { resourceFieldRef: { resource: {{ .cpu }} } } }
  {{- end }}
  {{- range $name, $value := .settings }}
  - { name: {{ $name }}, value: {{ $value | toString | quote }} }
  {{- end }}
  {{- with .kafkaUser }}
  - { name: VOXPOP_KAFKA_SASL_USERNAME, value: {{ . | quote }} }
  - { name: VOXPOP_KAFKA_SASL_PASSWORD, valueFrom: { secretKeyRef: { name: {{ . }}, key: password } } }
  {{- end }}
{{- end }}
envFrom:
  {{- if not .early }}
  - configMapRef: { name: {{ .root.Release.Name }}-settings }
  {{- end }}
  {{- with .secret }}
  - secretRef: { name: {{ . }} }
  {{- end }}
volumeMounts:
  - { name: data, mountPath: /var/lib/voxpop }
  - { name: tmp, mountPath: /tmp }
  {{- if $rules }}
  - { name: tracks, mountPath: /etc/voxpop/tracks, readOnly: true }
  {{- end }}
  {{- if .root.Values.tlsSecret }}
  - { name: tls, mountPath: /etc/voxpop/tls, readOnly: true }
  {{- end }}
{{- end }}

{{/* One pod a node as far as possible, so that a node's end takes one. */}}
{{- define "voxpop.spread" -}}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "voxpop.selector" . | nindent 8 }}
{{- end }}

{{/* Of the two kinds of workers: the port of their status, and what asks there. */}}
{{- define "voxpop.workerStatus" -}}
ports:
  - { name: metrics, containerPort: 9100 }
startupProbe:
  httpGet: { path: /healthz, port: metrics }
  periodSeconds: 3
  failureThreshold: 40
livenessProbe:
  httpGet: { path: /healthz, port: metrics }
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 3
readinessProbe:
  httpGet: { path: /readyz, port: metrics }
  periodSeconds: 5
  timeoutSeconds: 5
{{- end }}
