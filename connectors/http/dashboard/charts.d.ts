// What of Apache ECharts is used here; for the type check alone.

/** A chart that was drawn. */
export interface Drawn {
  setOption(option: object, how?: object): void;
  resize(): void;
  dispose(): void;
  getDataURL(how: object): string;
  getZr(): { on(event: string, heard: (event: { offsetX: number; offsetY: number }) => void): void };
  containPixel(finder: object, at: number[]): boolean;
  convertFromPixel(finder: object, at: number[]): number[];
}

export const echarts: {
  init(element: HTMLElement, theme: null, how: object): Drawn;
};
