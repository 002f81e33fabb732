/** Lists of settings stand in no order: roles, hosts, networks, models. */
const inOrder = (value: unknown): unknown => {
  if (Array.isArray(value)) return [...new Set(value)].sort()
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, inOrder(part)]))
}
/** The names of the settings that are not as they were. */
export const changedSettings = <S extends object>(before: S, after: S): (keyof S & string)[] =>
  (Object.keys(after) as (keyof S & string)[]).filter(
    (name) => JSON.stringify(inOrder(before[name])) !== JSON.stringify(inOrder(after[name])),
  )
