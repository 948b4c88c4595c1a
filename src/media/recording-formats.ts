export const RECORDING_FORMATS = ['wav', 'mp3', 'ogg'] as const
export type RecordingFormat = (typeof RECORDING_FORMATS)[number]

export const CONTENT_TYPES: Readonly<Record<RecordingFormat, string>> = {
  wav: 'audio/wav',
  mp3: 'audio/mpeg',
  ogg: 'audio/ogg',
}
