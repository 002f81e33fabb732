import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import sharp from 'sharp'

/** A symbol's file as a picture, by others' programs: what its name ends with says what it is. */
export const pictureOf = async (file: string): Promise<Buffer> => {
  if (file.endsWith('.pdf')) return execFileSync('pdftoppm', ['-png', '-r', '300', '-singlefile', file])
  if (file.endsWith('.eps'))
    return execFileSync('gs', [
      '-q',
      '-dSAFER',
      '-dBATCH',
      '-dNOPAUSE',
      '-dEPSCrop',
      '-sDEVICE=png16m',
      '-r300',
      '-sOutputFile=-',
      file,
    ])
  return file.endsWith('.svg') ? sharp(file, { density: 600 }).png().toBuffer() : readFileSync(file)
}
