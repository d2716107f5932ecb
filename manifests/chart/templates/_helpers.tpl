{{- /* The one image of all components. */}}
{{- define "skycap.image" -}}
{{- with .Values.image -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end -}}
{{- end -}}

{{- /* NET_BIND_SERVICE is for port 179, NET_RAW for the priority of BFD's packets. */}}
{{- define "skycap.birdCapabilities" -}}
{{- $needed := list -}}
{{- if has "bgp" .Values.protocols }}{{ $needed = append $needed "NET_BIND_SERVICE" }}{{ end -}}
{{- if has "bfd" .Values.protocols }}{{ $needed = append $needed "NET_RAW" }}{{ end -}}
{{- join ", " $needed -}}
{{- end -}}
