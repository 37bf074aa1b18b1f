// Encoded image bytes → the pixels that a model takes. Training and serving use this one function, so both see the same pixels.

/** A picture of more pixels is refused before it is decoded. */
const mostPixels = 100_000_000;

export interface ImageSize {
  width: number;
  height: number;
  channels: 1 | 3;
}

/**
 * uint8 [height, width, channels], row by row. Turned upright (EXIF), transparency on white, resized to the exact size
 * (the aspect ratio is not kept), grey or sRGB. Null when the bytes are no image or end too early.
 */
export async function decodeImage(bytes: Uint8Array, { width, height, channels }: ImageSize): Promise<Uint8Array | null> {
  const sharp = await loadSharp();
  try {
    const image = sharp(bytes, { failOn: 'truncated', limitInputPixels: mostPixels })
      .rotate()
      .flatten({ background: '#ffffff' })
      .resize(width, height, { fit: 'fill' })
      .toColourspace(channels === 1 ? 'b-w' : 'srgb');
    const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
    return info.channels === channels ? data : null;
  } catch {
    return null;
  }
}

/** Size and colours as stored; null when unreadable. */
export async function imageSize(bytes: Uint8Array): Promise<ImageSize | null> {
  const sharp = await loadSharp();
  try {
    const { width, height, channels } = await sharp(bytes, { failOn: 'truncated', limitInputPixels: mostPixels }).metadata();
    return { width, height, channels: channels < 3 ? 1 : 3 };
  } catch {
    return null;
  }
}

/** With the first image: the core uses this stage too, and it decodes none. */
async function loadSharp(): Promise<(typeof import('sharp'))['default']> {
  return (await import('sharp')).default;
}
