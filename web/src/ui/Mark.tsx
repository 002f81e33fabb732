/** The product's mark; the name beside it is the deployment's. */
export const Mark = ({ size = 22 }: { size?: number }) => (
  <svg width={size} height={size} viewBox="0 0 20 20" aria-hidden="true" fill="var(--brand)">
    <path
      fillRule="evenodd"
      d="M4.5 1h11A3.5 3.5 0 0 1 19 4.5v11a3.5 3.5 0 0 1-3.5 3.5h-11A3.5 3.5 0 0 1 1 15.5v-11A3.5 3.5 0 0 1 4.5 1zm.3 2A1.8 1.8 0 0 0 3 4.8v10.4A1.8 1.8 0 0 0 4.8 17h10.4a1.8 1.8 0 0 0 1.8-1.8V4.8A1.8 1.8 0 0 0 15.2 3z"
    />
    <path d="M6.4 15.2V9a3.6 3.6 0 0 1 7.2 0v6.2z" />
  </svg>
)
