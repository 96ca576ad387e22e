export interface UploadWatch {
  /** From 0 to 1, of what has left this device. */
  onProgress: (sent: number) => void
  signal: AbortSignal
}

/**
 * Posts a form and tells how much of it has left, which fetch cannot. Rejects when the server was
 * not reached or the signal said stop; what the server answered is left to the caller.
 */
export function sendForm(
  path: string,
  form: FormData,
  token: string,
  { onProgress, signal }: UploadWatch,
  request: XMLHttpRequest = new XMLHttpRequest(),
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const stop = () => request.abort()
    const over = (end: () => void) => () => {
      signal.removeEventListener('abort', stop)
      end()
    }
    request.open('POST', path)
    request.setRequestHeader('Accept', 'application/json')
    request.setRequestHeader('Authorization', `Bearer ${token}`)
    request.upload.onprogress = ({ lengthComputable, loaded, total }) => {
      if (lengthComputable) onProgress(loaded / total)
    }
    request.onload = over(() =>
      resolve(new Response(request.responseText, { status: request.status })),
    )
    request.onerror = over(() => reject(new Error('The upload did not reach the server.')))
    request.onabort = over(() => reject(new Error('The upload was stopped.')))
    signal.addEventListener('abort', stop)
    if (signal.aborted) reject(new Error('The upload was stopped.'))
    else request.send(form)
  })
}
