/** The text, map or whole number as MaxMind's format writes it (MaxMind DB File Format Specification 2.0, "Output Data Section"). */
type Value = string | number | readonly Value[] | { readonly [key: string]: Value }
const types = { text: 2, uint32: 6, map: 7, array: 11 } as const
const head = (type: number, size: number): Buffer => {
  const [first, ...more] = size < 29 ? [size] : [29, size - 29]
  return Buffer.from(type <= 7 ? [(type << 5) | (first as number), ...more] : [first as number, type - 7, ...more])
}
const written = (value: Value): Buffer => {
  if (typeof value === 'string') return Buffer.concat([head(types.text, Buffer.byteLength(value)), Buffer.from(value)])
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32BE(value)
    return Buffer.concat([head(types.uint32, 4), bytes])
  }
  if (Array.isArray(value)) return Buffer.concat([head(types.array, value.length), ...value.map(written)])
  const entries = Object.entries(value)
  return Buffer.concat([head(types.map, entries.length), ...entries.flatMap(([key, of]) => [written(key), written(of)])])
}
/** A database of places that knows one: every IPv4 address is there. */
export const mmdbOf = (country: string, city: string): Buffer => {
  // one node, whose both records point behind it and the 16 bytes of the separator: at the first value
  const tree = Buffer.from([0, 0, 17, 0, 0, 17])
  return Buffer.concat([
    tree,
    Buffer.alloc(16),
    written({ country: { iso_code: country }, city: { names: { en: city } } }),
    Buffer.from('abcdef4d61784d696e642e636f6d', 'hex'),
    written({
      node_count: 1,
      record_size: 24,
      ip_version: 4,
      database_type: 'Test-City',
      languages: ['en'],
      binary_format_major_version: 2,
      binary_format_minor_version: 0,
      build_epoch: 1,
      description: { en: 'of a test' },
    }),
  ])
}
