const FILE = /^\/api\/files\/[\w-]{1,64}\/$/

/** Media comes from our own server only; any other address is not fetched. */
export function isFileUrl(url: string): boolean {
  return FILE.test(url)
}

export const fileUrl = (id: string) => `/api/files/${id}/`
