// A plugin of typedoc: a guide has the name of its heading, in place of that of its file.
import { Converter } from 'typedoc';

/** @param {import('typedoc').Application} app */
export function load(app) {
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_context, document) => {
    const heading = document.content
      .map(({ text }) => text)
      .join('')
      .match(/^# (.+)$/m)?.[1];
    if (heading !== undefined) document.name = heading;
  });
}
