/** Where the build puts what the PDF viewer fetches by name; see vite.config.ts. */
declare const __PDF_FILES__: string;
