/** `1:30` or `1:02:03` in seconds; null for nothing, undefined for what is no time. */
export function parseTimecode(text: string): number | null | undefined {
  const trimmed = text.trim()
  if (trimmed === '') return null
  if (!/^\d{1,5}(?::[0-5]?\d){0,2}$/.test(trimmed)) return undefined
  const seconds = trimmed.split(':').reduce((sum, part) => sum * 60 + Number(part), 0)
  return seconds <= 86_400 ? seconds : undefined
}

export function formatTimecode(seconds: number): string {
  const two = (number: number) => String(number).padStart(2, '0')
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)]
  return hours > 0
    ? `${hours}:${two(minutes)}:${two(seconds % 60)}`
    : `${minutes}:${two(seconds % 60)}`
}

/** The part of a video, in words; empty for the whole. */
export function rangeLabel({
  start_s: start,
  end_s: end,
}: {
  start_s?: number
  end_s?: number
}): string {
  if (end !== undefined) return `${formatTimecode(start ?? 0)} to ${formatTimecode(end)}`
  return start === undefined ? '' : `from ${formatTimecode(start)}`
}
