import { upload } from './files.mjs';
import { png } from './picture.mjs';

const TEXTS = [
  'Budget 2026.csv',
  'Letter to the landlord.docx',
  'Minutes of March.md',
  'Packing list.txt',
  'Contract.pdf',
];
const COLOURS = [
  [
    [90, 79, 207],
    [255, 209, 102],
  ],
  [
    [23, 112, 59],
    [190, 230, 160],
  ],
  [
    [180, 60, 40],
    [250, 190, 120],
  ],
];

/** Files, folders, a trash and a team that look lived in; gives what is worth a picture. */
export async function furnishDrive(api) {
  const folders = {};
  for (const name of ['Holidays', 'Household', 'Music', 'Photos', 'Taxes']) {
    folders[name] = (await api.post('/folders', { name, parent_id: null })).id;
  }
  const summer = await api.post('/folders', { name: 'Summer 2026', parent_id: folders.Holidays });
  await api.post('/folders', {
    name: 'A folder with a name that is longer than most people would choose',
    parent_id: summer.id,
  });
  for (const [number, name] of TEXTS.entries()) await upload(api, name, 'x'.repeat(700 * 17 ** number));
  for (const [number, [from, to]] of COLOURS.entries()) {
    await upload(api, `Beach ${number + 1}.png`, png(480, 320 + 60 * number, from, to));
    await upload(api, `Mountain ${number + 1}.png`, png(480, 320, to, from), { folder: summer.id });
  }
  await upload(api, 'Song.mp3', 'la'.repeat(90_000));
  await upload(api, 'Backup.zip', 'PK'.repeat(400_000));
  for (const name of ['Old draft.md', 'Receipt.pdf', 'Screenshot.png']) {
    const { id } = await upload(api, name, name.repeat(50));
    await api.post('/batch/delete', { file_ids: [id] });
  }
  const team = await api.post('/teams', { name: 'Garden', description: 'Seeds, beds and who waters when' });
  await api.post(`/teams/${team.id}/members`, { identifier: 'anna', role: 'admin' });
  await api.post(`/teams/${team.id}/members`, { identifier: 'bertram', role: 'member' });
  await api.post('/teams', { name: 'Choir', description: '' });
  await upload(api, 'Beds.md', 'Carrots', { team: team.id });
  const { files } = await api.get('/folders?file_limit=100');
  await api.post(`/files/${files.find(({ name }) => name === 'Contract.pdf').id}/lock`, { locked: true });
  return { folder: summer.id, team: team.id };
}
