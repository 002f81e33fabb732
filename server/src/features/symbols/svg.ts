import type { Path } from './path.ts'
import type { Scene } from './scene.ts'

const short = (value: number): string => String(Math.round(value * 1_000) / 1_000)

const pathData = (path: Path): string => {
  let data = ''
  let [x, y] = [0, 0]
  for (const step of path) {
    if (step[0] === 'Z') {
      data += 'z'
      continue
    }
    const toX = step.at(-2) as number
    const toY = step.at(-1) as number
    if (step[0] === 'M') data += `M${short(toX)} ${short(toY)}`
    else if (step[0] === 'L') data += toY === y ? `H${short(toX)}` : toX === x ? `V${short(toY)}` : `L${short(toX)} ${short(toY)}`
    else if (step[0] === 'C')
      data += `C${step
        .slice(1)
        .map((value) => short(value as number))
        .join(' ')}`
    else {
      const clockwise = (step[1] - x) * (toY - step[2]) - (step[2] - y) * (toX - step[1]) > 0
      const radius = short(Math.abs(toX - x))
      data += `A${radius} ${radius} 0 0 ${clockwise ? 1 : 0} ${short(toX)} ${short(toY)}`
    }
    ;[x, y] = [toX, toY]
  }
  return data
}

/** A scene as SVG. Whatever a person wrote is in it as outlines only; colours are checked to be colours by the contract. */
export const svgOf = ({ width, height, ground, fills, logo }: Scene): string => {
  const picture = logo
    ? `<image x="${short(logo.x)}" y="${short(logo.y)}" width="${short(logo.width)}" height="${short(logo.height)}" preserveAspectRatio="none" href="data:image/png;base64,${Buffer.from(logo.image.png).toString('base64')}"/>`
    : ''
  const [right, bottom] = [short(width), short(height)]
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${right} ${bottom}"><path fill="${ground}" d="M0 0h${right}v${bottom}H0z"/>${fills.map(({ colour, path }) => `<path fill="${colour}" d="${pathData(path)}"/>`).join('')}${picture}</svg>`
}
