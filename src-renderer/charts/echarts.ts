// Only the parts of ECharts that are drawn; the SVG renderer, so that text is text and prints well.
import { BarChart, CustomChart, LineChart, ScatterChart } from 'echarts/charts';
import { AriaComponent, AxisPointerComponent, GridComponent, TooltipComponent } from 'echarts/components';
import { connect, init, registerTheme, use, type ECharts } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';

use([LineChart, BarChart, ScatterChart, CustomChart, GridComponent, TooltipComponent, AxisPointerComponent, AriaComponent, SVGRenderer]);

export { connect, init, registerTheme, type ECharts };
export type { EChartsOption } from 'echarts';
