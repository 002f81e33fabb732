/** The blocks of a stream of Server-Sent Events as they come: what stands behind `id:`, `event:` and `data:`. */
export async function* eventBlocks(
  response: Response,
): AsyncIterable<{ id: string | undefined; event: string | undefined; data: string | undefined }> {
  let text = ''
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk
    const blocks = text.split('\n\n')
    text = blocks.pop() as string
    for (const block of blocks) {
      const after = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1]
      yield { id: after('id'), event: after('event'), data: after('data') }
    }
  }
}
