/** The time of a day that is today, and the day of any other. */
export function moment(iso: string, now = new Date()): string {
  const at = new Date(iso)
  const today = at.toDateString() === now.toDateString()
  return today ? at.toLocaleTimeString([], { timeStyle: 'short' }) : day(iso)
}

export function day(iso: string): string {
  return new Date(iso).toLocaleDateString([], { dateStyle: 'medium' })
}
