/** An id in a path, checked before a page sees it. */
function readId(text: string): number {
  const id = Number(text);
  if (!Number.isSafeInteger(id) || id < 1) throw new Error(`'${text}' is not an id`);
  return id;
}

/** How the router reads and writes the id in a path. */
export const idParam = <Name extends string>(name: Name) => ({
  parse: (raw: Record<Name, string>) => ({ [name]: readId(raw[name]) }) as Record<Name, number>,
  stringify: (params: Record<Name, number>) => ({ [name]: `${params[name]}` }) as Record<Name, string>,
});
