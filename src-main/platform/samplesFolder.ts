import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Where the bundled samples are: beside the sources or the build, or among the resources of an installed application. */
export function samplesFolder(): string {
  const { resourcesPath } = process as { resourcesPath?: string };
  const places = [
    join(import.meta.dirname, '../../resources/samples'), // src-main/platform and dist/main are equally deep
    ...(resourcesPath ? [join(resourcesPath, 'samples')] : []),
    join(dirname(process.execPath), '../samples'), // our own Node stands beside them in an installed application
  ];
  return places.find((place) => existsSync(place)) ?? places[0]!;
}
