// The pictures of uploads, shares and viewers: what they need, and what somebody does before they are taken.

import { upload } from './files.mjs';
import { pdf } from './samples.mjs';

const MARKDOWN = `# Trip to the lake

A **weekend** with four people. See the [timetable](https://example.com).

| What | Who | Done |
| --- | --- | --- |
| Tent | Anna | yes |
| Stove | Bertram | no |

- [x] Book the train
- [ ] Buy bread

> Bring a torch.
`;
const CODE = `use std::io;

/// Adds what it reads.
fn main() -> io::Result<()> {
    let mut sum = 0u64;
    for line in io::stdin().lines() {
        sum += line?.trim().parse::<u64>().unwrap_or(0); // empty lines count nothing
    }
    println!("{sum}");
    Ok(())
}
`;

/** Files to look at, and a share with password and end; gives its token. */
export async function furnishSharing(api) {
  const { id } = await upload(api, 'Invitation.pdf', pdf(['You are invited', 'How to get there']));
  await upload(api, 'Camping.md', MARKDOWN);
  await upload(api, 'sum.rs', CODE);
  const expires_at = new Date(Date.now() + 7 * 86_400_000).toISOString();
  const terms = { password: 'secret', expires_at, max_downloads: 25 };
  const { token } = await api.post('/shares', { target: { type: 'file', id }, ...terms });
  return { invitation: token };
}

/** Entries of the list in `screens.mjs`. */
export function sharingScreens({ invitation }) {
  return [
    { name: 'shared-locked', path: `/s/${invitation}`, stranger: true },
    { name: 'my-shares', path: '/shares' },
    { name: 'share-dialog', path: '/', act: showShare },
    { name: 'preview-document', path: '/', act: open('Invitation.pdf', 'You are invited') },
    { name: 'preview-markdown', path: '/', act: open('Camping.md', 'Bring a torch.') },
    { name: 'preview-code', path: '/', act: open('sum.rs', 'Adds what it reads') },
    // The last: what it uploads would be in the way of the others.
    { name: 'upload-panel', path: '/', act: startUpload, undo: leave },
  ];
}

const row = (page, name) => page.locator('[data-index]').filter({ has: page.getByTitle(name, { exact: true }) });

function open(name, shown) {
  return async (page) => {
    await row(page, name).getByTitle(name).click();
    await page.getByRole('dialog').getByText(shown).first().waitFor();
  };
}

async function showShare(page) {
  await row(page, 'Invitation.pdf').getByRole('button').click();
  await page.getByRole('menuitem', { name: 'Share', exact: true }).click();
  await page.getByRole('img', { name: 'QR code of the link' }).waitFor();
}

/** Slowly, so that there is something to see. */
async function startUpload(page) {
  const session = await page.context().newCDPSession(page);
  await session.send('Network.enable');
  const slow = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 150_000 };
  await session.send('Network.emulateNetworkConditions', slow);
  await page.getByRole('button', { name: 'New', exact: true }).click();
  const file = (name, size) => ({ name, mimeType: 'application/octet-stream', buffer: Buffer.alloc(size, name) });
  const files = [file('Recording of the evening.wav', 3e6), file('a note.txt', 20), file('Slides.odp', 2e6)];
  await page.getByTestId('choose-files').setInputFiles(files);
  await page.keyboard.press('Escape');
  await page
    .getByText(/ left$/)
    .first()
    .waitFor();
}

/** An upload under way asks before the page is left. */
async function leave(page) {
  page.once('dialog', (dialog) => dialog.accept());
  await page.goto('about:blank');
}
