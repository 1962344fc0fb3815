const BROWSERS: [RegExp, string][] = [
  [/\bEdgA?\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\bFirefox\//, 'Firefox'],
  [/Chrom(e|ium)\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
  [/^curl\//, 'curl'],
];
const SYSTEMS: [RegExp, string][] = [
  [/\b(iPhone|iPad)\b/, 'iOS'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b/, 'macOS'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bLinux\b/, 'Linux'],
];

/** A browser and its system out of what it calls itself; whatever else it is stays in its own words. */
export function readAgent(agent: string): { program: string; system: string | undefined; phone: boolean } {
  const program = BROWSERS.find(([mark]) => mark.test(agent))?.[1] ?? agent.slice(0, 60);
  const system = SYSTEMS.find(([mark]) => mark.test(agent))?.[1];
  return { program, system, phone: /\b(iPhone|Android|Mobile)\b/.test(agent) };
}
