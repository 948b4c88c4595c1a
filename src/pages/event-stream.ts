/**
 * The data of server-sent events (WHATWG HTML, 9.2), read from a fetch: a browser's EventSource cannot send a token.
 * Ends with the stream.
 */
export async function* readServerSentEvents(answer: Response): AsyncGenerator<string> {
  if (!answer.ok || answer.body === null) throw new Error(`the engine answered ${answer.status}`)
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  try {
    for (;;) {
      const { value, done } = await reader.read()
      if (done) return
      rest += value
      for (let end = rest.indexOf('\n\n'); end >= 0; end = rest.indexOf('\n\n')) {
        const lines = rest.slice(0, end).split('\n')
        rest = rest.slice(end + 2)
        const data = lines.filter((line) => line.startsWith('data: ')).map((line) => line.slice(6))
        if (data.length > 0) yield data.join('\n')
      }
    }
  } finally {
    await reader.cancel()
  }
}
