/** Held back before it is sent, stored and shown to a model: somebody pasted a key into the chat. */
export function resemblesKey(text: string): boolean {
  // As in common/keylike.py: the server refuses what is not held back here.
  const letter = String.raw`(?:[\r\n\u2028\u2029]*[\w-])`
  const key = new RegExp(String.raw`(?<![0-9A-Za-z])(?:AIza${letter}{30,}|AQ\.${letter}{20,})`)
  return key.test(text.replace(/\p{Cf}/gu, ''))
}
