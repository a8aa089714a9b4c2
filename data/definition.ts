/** What the registry knows about a data set before it is loaded. @module */

import type { Dataset } from "./dataset.ts";
import { type GivenOptions, type OptionTable, type OptionValues, readOptions } from "./options.ts";

/** One file as its publisher made it. */
export interface DataFile {
  /** Its name in the cache, and on the mirrors or in their archive. */
  readonly name: string;
  /** Its exact size. */
  readonly bytes: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
}

/** The original files of a data set; in the cache they lie in a folder with the data set's name. */
export interface DatasetFiles {
  /** Registry name of the data set. */
  readonly dataset: string;
  /** Folders on the web that hold the files, or their archive, each ending in "/"; tried in turn. */
  readonly mirrors: readonly string[];
  /** Every file that `load` needs. */
  readonly files: readonly DataFile[];
  /** The gzip-packed tar on the mirrors that holds the files; absent where the mirrors have each file by itself. */
  readonly archive?: Archive;
}

/** A published archive. */
export interface Archive {
  readonly name: string;
  /** Its size as published, to show progress by; nothing is checked against it. */
  readonly bytes: number;
  /** The folder in it that holds the files. */
  readonly folder: string;
}

/** Where a data set may look for its files. */
export interface LoadPlace {
  /** The cache folder; data sets without files do not touch it. */
  readonly cache: string;
}

/** One entry of the registry. */
export interface DatasetDefinition {
  /** Registry name, such as "mnist-embedded". */
  readonly name: string;
  /** One sentence for lists. */
  readonly summary: string;
  /** Whether `getDataset` must run once before `load`. */
  readonly needsDownload: boolean;
  /** The original files, where there are any. */
  readonly files?: DatasetFiles;
  /** What `load` may be given. */
  readonly options: OptionTable;
  /** Training images that the options leave, before `trainCount`. @throws as `resolve` does */
  trainImages(options: GivenOptions): number;
  /** The options with defaults filled in; throws on bad ones, touches no file. */
  resolve(options: GivenOptions): Record<string, unknown>;
  /**
   * Loads the images anew; every split owns its bytes.
   *
   * @throws {TypeError} When an option is unknown.
   * @throws {RangeError} When an option's value is out of range.
   * @throws {DataFileError} When a file is missing or not the original.
   */
  load(options: GivenOptions, place: LoadPlace): Promise<Dataset>;
}

interface DatasetSource<Table extends OptionTable> {
  readonly name: string;
  readonly summary: string;
  readonly files?: DatasetFiles;
  readonly options: Table;
  trainImages(options: OptionValues<Table>): number;
  load(options: OptionValues<Table>, place: LoadPlace): Promise<Dataset>;
}

/** Puts the reading of options in front of a data set's own `load`. */
export function defineDataset<Table extends OptionTable>(source: DatasetSource<Table>): DatasetDefinition {
  const resolve = (options: GivenOptions) => readOptions(source.name, source.options, options);
  return {
    ...source,
    needsDownload: source.files !== undefined,
    resolve,
    trainImages: (options) => source.trainImages(resolve(options)),
    // async, so that a bad option rejects like every other failure
    load: async (options, place) => await source.load(resolve(options), place),
  };
}
