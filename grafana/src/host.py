"""The machine, as node exporter tells it."""

from __future__ import annotations

from grafana.src.dashboard import Choice, Dashboard, Row
from grafana.src.panels import RATE, Query, graph

HOST = 'instance=~"$instance"'
REAL_FILES = 'fstype!~"tmpfs|ramfs|squashfs|overlay|autofs|iso9660"'
DISKS = 'device!~"loop.*|ram.*|sr.*|dm-.*"'

CPU = Row(
    title="CPU and memory",
    panels=[
        graph(
            "CPU by mode",
            "Cores by what they do; steal is what the machine beneath gave to others.",
            "none",
            Query(
                expr="sum by (instance, mode)"
                f' (rate(node_cpu_seconds_total{{{HOST}, mode!="idle"}}[{RATE}]))',
                legend="{{instance}} {{mode}}",
            ),
            stacked=True,
        ),
        graph(
            "Load per core",
            "Tasks that run or wait to run, over one minute, for each core.",
            "none",
            Query(
                expr=f"sum by (instance) (node_load1{{{HOST}}}) / count by (instance)"
                f' (node_cpu_seconds_total{{{HOST}, mode="idle"}})',
                legend="{{instance}}",
            ),
            lines=[(1, "orange")],
        ),
        graph(
            "Memory",
            "Memory in use, and all there is. What the kernel can give back at once counts as"
            " free.",
            "bytes",
            Query(
                expr=f"node_memory_MemTotal_bytes{{{HOST}}} -"
                f" node_memory_MemAvailable_bytes{{{HOST}}}",
                legend="{{instance}} in use",
            ),
            Query(expr=f"node_memory_MemTotal_bytes{{{HOST}}}", legend="{{instance}} all"),
        ),
        graph(
            "Context switches",
            "How often the cores change from one task to another, per second.",
            "ops",
            Query(
                expr=f"rate(node_context_switches_total{{{HOST}}}[{RATE}])", legend="{{instance}}"
            ),
        ),
    ],
)

DISK = Row(
    title="Disks and network",
    panels=[
        graph(
            "Disk space in use",
            "Share of each file system that is taken.",
            "percentunit",
            Query(
                expr=f"1 - node_filesystem_avail_bytes{{{HOST}, {REAL_FILES}}}"
                f" / node_filesystem_size_bytes{{{HOST}, {REAL_FILES}}}",
                legend="{{instance}} {{mountpoint}}",
            ),
            highest=1,
            lines=[(0.9, "red")],
        ),
        graph(
            "Disks at work",
            "Share of the time in which a disk had something to do.",
            "percentunit",
            Query(
                expr=f"rate(node_disk_io_time_seconds_total{{{HOST}, {DISKS}}}[{RATE}])",
                legend="{{instance}} {{device}}",
            ),
            highest=1,
        ),
        graph(
            "Disk bytes",
            "Bytes read and written, per second.",
            "Bps",
            Query(
                expr=f"sum by (instance) (rate(node_disk_read_bytes_total{{{HOST},"
                f" {DISKS}}}[{RATE}]))",
                legend="{{instance}} read",
            ),
            Query(
                expr=f"sum by (instance) (rate(node_disk_written_bytes_total{{{HOST},"
                f" {DISKS}}}[{RATE}]))",
                legend="{{instance}} written",
            ),
        ),
        graph(
            "Network bytes",
            "Bytes received and sent, per second, loopback left out.",
            "Bps",
            Query(
                expr="sum by (instance)"
                f' (rate(node_network_receive_bytes_total{{{HOST}, device!="lo"}}[{RATE}]))',
                legend="{{instance}} received",
            ),
            Query(
                expr="sum by (instance)"
                f' (rate(node_network_transmit_bytes_total{{{HOST}, device!="lo"}}[{RATE}]))',
                legend="{{instance}} sent",
            ),
        ),
    ],
)

DASHBOARD = Dashboard(
    name="host",
    title="host",
    description="Is it the machine? Needs node exporter and its address in targets/node.json.",
    rows=[CPU, DISK],
    choices=[
        Choice(name="instance", label="Machine", metric="node_load1", by="instance"),
    ],
)
