import { focusListing } from '../listing/focusListing';
import type { Acts } from '../useActs';
import { FolderDialog } from './FolderDialog';
import { PlaceDialog } from './PlaceDialog';

/** The dialog that is open for a list, if one is. */
export function Asking({ acts }: { acts: Acts }) {
  const { asked } = acts;
  const close = () => {
    acts.ask(undefined);
    setTimeout(focusListing);
  };
  if (asked?.what === 'folder') return <FolderDialog acts={acts} onClose={close} />;
  if (asked) return <PlaceDialog acts={acts} what={asked.what} items={asked.items} onClose={close} />;
  return null;
}
