/** Uploads without the page: `content` is text or bytes, `path` may name folders. */
export function upload(api, path, content, { folder, team } = {}) {
  const form = new FormData();
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  form.append('file', new Blob([bytes]), path.split('/').at(-1));
  const query = new URLSearchParams({ relative_path: path, declared_size: `${bytes.length}` });
  if (folder !== undefined) query.set('folder_id', folder);
  return api.post(`${team ? `/teams/${team}` : ''}/files/upload?${query}`, form);
}

/** Many empty files in a folder, some at a time. */
export async function manyFiles(api, folder, count) {
  const name = (number) => `sheet ${`${number}`.padStart(5, '0')}.txt`;
  const numbers = Array.from({ length: count }, (_, number) => number + 1);
  while (numbers.length > 0) {
    const some = numbers.splice(0, 8);
    await Promise.all(some.map((number) => api.post('/files/new', { name: name(number), folder_id: folder })));
  }
}
