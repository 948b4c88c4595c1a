/** What came back, read whole. */
export type Answer = {
  readonly status: number
  readonly text: string
  readonly headers: Headers
  readonly body: Record<string, unknown>
}

export const read = async (response: Response): Promise<Answer> => {
  const text = await response.text()
  const json = response.headers.get('content-type')?.startsWith('application/json') === true && text !== ''
  return {
    status: response.status,
    text,
    headers: response.headers,
    body: json ? (JSON.parse(text) as Record<string, unknown>) : {},
  }
}

export const errorOf = (answer: Answer): { code: string; message: string; field?: string } =>
  answer.body['error'] as { code: string; message: string; field?: string }
