import { createContext, useContext, useEffect } from 'react';

/** Tells the window that leaving would lose something. */
export const UnsavedContext = createContext<(unsaved: boolean) => void>(() => {});

export function useUnsaved(unsaved: boolean): void {
  const tell = useContext(UnsavedContext);
  useEffect(() => {
    tell(unsaved);
    return () => tell(false);
  }, [tell, unsaved]);
}
