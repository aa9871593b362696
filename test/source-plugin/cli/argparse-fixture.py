#!/usr/bin/env python3
"""Writes argparse.jsonl: what Python's own argparse makes of a table of command lines.

Run by hand with Python 3.11 after a change of the options; the test reads only the result.
First line: Python's version, usage and help text. Each further line: argv, then what must come of it.
"""
import argparse, contextlib, io, ipaddress, itertools, json, os, platform, random, re, sys

MAX_SAFE = 2**53 - 1
HOOKS = ["fentry:__inet_accept", "fentry:security_sock_graft", "kprobe:__inet_accept", "kprobe:security_sock_graft",
         "tracepoint:sys_exit_accept", "tp_btf:sys_exit"]
FILTERS = ["--remote-port", "--remote", "--exclude-remote", "--local", "--exclude-local", "--uid", "--comm", "--cgroup-path",
           "--container", "--no-loopback", "--rate-limit", "--netns"]
YIELDING = [*FILTERS, "--hook"]
FORMATS = ["tcpaccept", "wide", "json", "ecs", "ocsf", "otel"]
EPILOG = """examples:
    acceptstream           # trace all TCP accept()s
    acceptstream -t        # include timestamps
    acceptstream -P 80,81  # only trace port 80 and 81
    acceptstream -p 181    # only trace PID 181
    acceptstream --cgroupmap mappath  # only trace cgroups in this BPF map
    acceptstream --mntnsmap mappath   # only trace mount namespaces in the map
    acceptstream -4        # trace IPv4 family
    acceptstream -6        # trace IPv6 family
    acceptstream -tT > accepts.txt    # both times, into a file
    acceptstream | grep --line-buffered sshd  # rows of one program, live
    acceptstream --format wide                # whole addresses, queues
    acceptstream --format ecs                 # JSON for a SIEM
    acceptstream --write accepts.avro         # rows, and a recording
    acceptstream --ring-bytes 67108864        # room for longer bursts

filters, of which all that are given must hold:
    acceptstream -P 22,8000-8099              # ssh, and a range of ports
    acceptstream --remote-port 0-1023         # from privileged ports
    acceptstream --remote 192.0.2.0/24,2001:db8::/32  # these peers only
    acceptstream --exclude-remote 10.0.0.0/8  # all peers but these
    acceptstream --local 192.0.2.10           # to one of our addresses
    acceptstream --exclude-local 127.0.0.0/8  # not to these addresses
    acceptstream --uid 0,33                   # servers of these users
    acceptstream --comm nginx,sshd            # threads of these names
    acceptstream --netns /run/netns/blue      # in a network namespace
    acceptstream --cgroup-path /system.slice  # services of systemd
    acceptstream --container 3f4e1a2b9c0d     # in a container
    acceptstream --no-loopback                # from other hosts only
    acceptstream --rate-limit 10/remote_address  # 10 a second of a peer

commands:
    acceptstream run FILE.yaml      # stream to Kafka and other sinks (run -h)
    acceptstream read FILE...       # print recordings or a Kafka topic (read -h)
    acceptstream doctor             # what works here, and what is missing
    acceptstream wasm               # filters as a module for Fluent Bit (wasm -h)

kernel hooks, best first:
""" + "".join(f"    {hook}\n" for hook in HOOKS) + """
exit status:
    0  ended by Ctrl-C, another signal or a closed pipe
    1  failed, for the reason on stderr
    2  the command line is wrong
"""


def decimal(text):
    match = re.fullmatch(r"[ \t]*([0-9]+)[ \t]*", text)
    return int(match[1]) if match else None


def pid(text):
    if text == "":
        return None
    number = decimal(text)
    if number is None:
        raise argparse.ArgumentTypeError(f"invalid PID {text!r}: a PID is 0 or more, in decimal")
    return min(number, MAX_SAFE)


def listed(one, rule, entry, most=None):
    """A reader of lists; entry(item) is None for an item that is none."""
    many = f"{one}s"

    def read(text):
        if text == "":
            return None
        found = []
        for item in text.split(","):
            value = entry(item)
            if value is None:
                place = "" if item == text else f" in {text!r}"
                raise argparse.ArgumentTypeError(f"invalid {one} {item!r}{place}: {many} are {rule}")
            if value not in found:
                found.append(value)
        if most is not None and len(found) > most:
            raise argparse.ArgumentTypeError(f"{len(found)} {many}: there can be {most} at most")
        return found

    return read


def number_to(most):
    def entry(item):
        number = decimal(item)
        return number if number is not None and number <= most else None

    return entry


def port_or_range(item):
    ends = [number_to(65535)(end) for end in item.split("-")]
    if None in ends or len(ends) > 2:
        return None
    return ends[0] if len(ends) == 1 else ends if ends[0] <= ends[1] else None


def net(item):
    text = item.strip(" \t")
    try:
        address, slash, bits = text.partition("/")
        made = ipaddress.ip_address(address)
    except ValueError:
        return None
    if slash and not re.fullmatch("0|[1-9][0-9]{0,2}", bits, re.ASCII):
        return None
    return text if "%" not in text and int(bits or 0) <= made.max_prefixlen else None


def is_utf8(text, most):
    if re.search("[\0\ufffd\ud800-\udfff]", text):
        return False
    return 1 <= len(text.encode()) <= most


def comm(item):
    return item if is_utf8(item, 15) else None


def cgroup(item):
    path = item[:-1] if len(item) > 1 and item.endswith("/") else item
    names = path.split("/")
    whole = names[0] == "" and not set(names[1:]) & {"", ".", ".."}
    return path if (path == "/" or whole and len(names) > 1) and is_utf8(path, 1024) else None


def container(item):
    text = item.strip(" \t")
    return text if re.fullmatch("[0-9a-f]{8,64}", text) else None


def netns_place(item):
    number = decimal(item)
    if number is not None:
        return number_to(2**32 - 1)(item)
    return item if re.fullmatch("/[^\0]+", item, re.DOTALL) else None


ports = listed("port", "whole numbers from 0 to 65535, or two of them for a range (8000-8099), the lower one first", port_or_range)
nets = listed("network", "addresses, or the bits they begin with, as 192.0.2.0/24 or 2001:db8::/32", net, 1024)
uids = listed("user id", "whole numbers from 0 to 4294967295", number_to(2**32 - 1), 256)
comms = listed("name", "those of threads, 1 to 15 bytes of UTF-8", comm, 256)
cgroups = listed("cgroup", "paths from the root of the hierarchy, as /system.slice/nginx.service, at most 1024 bytes", cgroup, 64)
containers = listed("container", "ids, or their first 8 or more of 64 hexadecimal digits, in lower case", container, 64)
netns = listed("network namespace", "inode numbers, or paths as /run/netns/blue", netns_place, 256)


def rate_limit(text):
    keys = ["remote_address", "local_port", "comm", "pid"]
    if text == "":
        return None
    match = re.fullmatch("([0-9]+)/(.*)", text, re.DOTALL)

    def refuse(why):
        raise argparse.ArgumentTypeError(f"invalid rate limit {text!r}: {why}")

    if not match:
        refuse(f"give accepts a second and what has them, as 10/remote_address; keys are {', '.join(keys)}")
    records, key = int(match[1]), match[2]
    if not 1 <= records <= 10**9:
        refuse(f"records must be a whole number from 1 to 1000000000, not {records}")
    if key not in keys:
        refuse(f"key must be one of {', '.join(keys)}, not {json.dumps(key, ensure_ascii=False)}")
    return {"records": records, "key": key}


def ring_bytes(text):
    if text == "":
        return 8388608
    sizes = [2**n for n in range(12, 31)]
    number = decimal(text)
    if number in sizes:
        return number
    nearest = []
    if number is not None:
        nearest = [s for s in sizes if s < number][-1:] + [s for s in sizes if s > number][:1]
    hint = f", nearest {' and '.join(map(str, nearest))}" if nearest else ""
    allowed = f"powers of two from {sizes[0]} to {sizes[-1]}"
    raise argparse.ArgumentTypeError(f"invalid size {text!r}: sizes are {allowed}{hint}")


def hook(text):
    if text == "":
        return None
    if text not in HOOKS:
        raise argparse.ArgumentTypeError(f"invalid hook {text!r}: hooks are {', '.join(HOOKS)}")
    return text


class Parser(argparse.ArgumentParser):
    """Abbreviations that tcpaccept has keep their meaning: options that yield come after."""

    def _get_option_tuples(self, option_string):
        found = super()._get_option_tuples(option_string)
        return [one for one in found if one[1] not in YIELDING] or found


def text_format(text):
    if text == "":
        return "tcpaccept"
    if text not in FORMATS:
        raise argparse.ArgumentTypeError(f"invalid format {text!r}: formats are {', '.join(FORMATS)}")
    return text


def new_file(text):
    if text == "-":
        raise argparse.ArgumentTypeError(f"invalid file {text!r}: standard output has the rows, give the name of a file")
    return text


def log_level(text):
    levels = ["error", "warn", "info", "debug"]
    if text == "":
        return "warn"
    if text in levels:
        return text
    raise argparse.ArgumentTypeError(f"invalid level {text!r}: levels are {', '.join(levels)}")


def parser():
    made = Parser(
        prog="acceptstream",
        description="Trace TCP accepts",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=EPILOG,
    )
    add = made.add_argument
    add("-T", "--time", action="store_true", help="include time column on output (HH:MM:SS)")
    add("-t", "--timestamp", action="store_true", help="include timestamp on output")
    add("-p", "--pid", type=pid, help="trace this PID only")
    add("-P", "--port", type=ports, metavar="PORTS", dest="ports", help="comma-separated list of local ports to trace, also ranges")
    family = made.add_mutually_exclusive_group()
    family.add_argument("-4", "--ipv4", action="store_const", const=4, dest="family", help="trace IPv4 family only")
    family.add_argument("-6", "--ipv6", action="store_const", const=6, dest="family", help="trace IPv6 family only")
    add("--remote-port", type=ports, metavar="PORTS", dest="remotePorts", help="trace these remote ports only, a list as for -P")
    add("--remote", type=nets, metavar="NETS", dest="remoteNets",
        help="trace peers in these networks only: addresses, or as 192.0.2.0/24")
    add("--exclude-remote", type=nets, metavar="NETS", dest="excludeRemoteNets", help="trace no peers in these networks")
    add("--local", type=nets, metavar="NETS", dest="localNets", help="trace connections to addresses in these networks only")
    add("--exclude-local", type=nets, metavar="NETS", dest="excludeLocalNets",
        help="trace no connections to addresses in these networks")
    add("--uid", type=uids, metavar="UIDS", dest="uids", help="trace threads of these real user ids only")
    add("--comm", type=comms, metavar="NAMES", dest="comms", help="trace threads of these names only, at most 15 bytes each")
    add("--cgroup-path", type=cgroups, metavar="PATHS", dest="cgroups",
        help="trace these cgroups, and all below them, only: paths from the root of the version 2 hierarchy")
    add("--container", type=containers, metavar="IDS", dest="containers",
        help="trace these containers only: ids, or their first 8 or more digits")
    add("--no-loopback", action="store_const", const=False, dest="loopback", help="trace no connections of this host to itself")
    add("--rate-limit", type=rate_limit, metavar="N/KEY", dest="rateLimit",
        help="print at most N accepts a second of each 'remote_address', 'local_port', 'comm' or 'pid'; the others are counted")
    add("--format", type=text_format, metavar="FORMAT", default="tcpaccept",
        help="'tcpaccept' (default), 'wide', or an object a line: 'json', 'ecs', 'ocsf', 'otel'")
    add("--netns", type=netns, metavar="NETNS", dest="netnsPlaces",
        help="trace these network namespaces only: inode numbers, or paths as /run/netns/blue")
    add("--write", type=new_file, metavar="FILE.avro",
        help="also write the records to this new file, an Avro Object Container File")
    add("--cgroupmap", metavar="PATH", dest="cgroupMap", help="trace cgroups in this BPF map only")
    add("--mntnsmap", metavar="PATH", dest="mntnsMap", help="trace mount namespaces in this BPF map only")
    add("--ring-bytes", type=ring_bytes, metavar="BYTES", dest="ringBytes", default=8388608,
        help="size of the kernel ring buffer in bytes, a power of two (default: %(default)s)")
    add("--hook", type=hook, metavar="NAME",
        help="take this kernel hook only, for diagnosis (default: the first below that works)")
    add("--log-level", type=log_level, metavar="LEVEL", dest="logLevel", default="warn",
        help="what stderr tells: 'error', 'warn' (default), 'info' or 'debug', each with those before it")
    add("--version", action="version", version="acceptstream 1.2.3")
    return made


def outcome(argv):
    out, err = io.StringIO(), io.StringIO()
    made = parser()
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            options = vars(made.parse_args(argv))
        return {"options": {k: v for k, v in options.items() if v not in (None, "")}}
    except SystemExit as end:
        if end.code == 0:
            return {"print": "help" if out.getvalue() == made.format_help() else out.getvalue()}
        usage, message = err.getvalue().split("acceptstream: error: ")
        assert end.code == 2 and usage == made.format_usage(), err.getvalue()
        return {"error": message.removesuffix("\n")}


VALUES = ["80", "80,81", " 80, 81 ", "\t80\t", "0", "65535", "65536", "080", "80,80,81,80", "80,", ",80", ",", "80,,81",
          "abc", "0x50", "+80", "1_000", "-1", "- 1", "-1 ", "80 81", " ", "", "=80", "-", "--", "1.5", "1e3", "٣", "80\n",
          "99999999999999999999", "9007199254740991", "9007199254740992", "4096", "4095", "4097", "8388608", "8388609",
          "1073741824", "1073741825", "5000", "tp_btf:sys_exit", "kprobe:__inet_accept", "kprobe", "it's", 'say "hi"', "it's \"both\"", "a\\b", "\x1b[31m", "\x7f", "\u202e",
          "\u2028", "\U000e0001", "é😀", "a,b", "-t", "-x", "-tx", "--time", "-P80", "--pid=3", "a b", "-a b"]
FILTER_VALUES = ["", "x", "80", "80,", ",80", "80,80, 80", "80-81", "81-80", "65536", "4294967295", "4294967296", "1.5", "-1", "+1", "10.0.0.1",
                 "10.0.0.0/8, 2001:db8::/32", "10.0.0.0/8,10.0.0.0/8", "10.0.0.0/33", "::/129", "::/128", "::ffff:10.0.0.1/104",
                 "10.0.0.1/", "10.0.0.1/08", "010.0.0.1", "10.0.0", "fe80::1%eth0", ":::", "1::2::3", "[::1]", "localhost", "10.0.0.0/8,,::/0",
                 "10.0.0.0/0xff", "10.0.0.0/٣", "sshd", "sshd,sshd,nginx", "fifteen-bytes-1", "sixteen-bytes-16", "é" * 7, "é" * 8, "a b", " ", "\ufffd",
                 "a\0b", "a\nb", "it's", "/", "/a", "/a/", "/a//", "//", "/a/b,/a", "a/b", "/a/../b", "/a/./b", "/.../b", "/a,,/b",
                 "/sys/fs/cgroup/a", "/run/netns/blue,4026531840", "4026531840,4026531840", "0123456789ab", "0123456", "ABCDEF01",
                 "0" * 64, "0" * 65, "01234567, 01234567", "10/pid", "1/remote_address", "1000000000/comm", "1000000001/comm", "0/pid",
                 "10/", "/pid", "10", "10/uid", "10/pid ", "10/PID", "-1/pid", "1.5/pid", "10/pid/1", "10/\"é\n", "1e3/local_port", "010/local_port"]
PLAIN = ["-h", "--help", "--version", "-t", "-T", "-4", "-6", "--time", "--timestamp", "--ipv4", "--ipv6", "-tT", "-tT4", "-46"]


def table():
    yield []
    for name in ("-p", "-P", "--pid", "--port", "--cgroupmap", "--mntnsmap", "--ring-bytes", "--hook", "--log-level",
                 "--format", "--write", "-tP", "-tT4p"):
        yield [name]
        for value in VALUES:
            yield [name, value]
            if value == "--":
                continue  # argparse 3.11 drops a glued "--" and stores an empty list
            yield [f"{name}={value}"]
            if not name.startswith("--"):
                yield [name + value]
    for name in FILTERS:
        for value in FILTER_VALUES:
            yield [f"{name}={value}"]
    for value in ("8000-8099", "22,8000-8099", "8099-8000", "80-80", "80-", "-80", "1-2-3", " 1 - 2 ", "0-65535", "0-65536", "80-81,80-81,80"):
        yield [f"-P{value}"]
        yield ["--remote-port", value]
    longs = ["--help", "--time", "--timestamp", "--pid", "--port", "--ipv4", "--ipv6", "--format", "--cgroupmap", "--mntnsmap",
             "--ring-bytes", "--hook", "--log-level", "--version", "--write", *FILTERS]
    for prefix in sorted({long[:n] for long in longs for n in range(3, len(long) + 2)}):
        yield [prefix]
        yield [prefix, "4096"]
        yield [prefix + "=4096"]
        yield [prefix + "="]
        yield [prefix + "x"]
    for flag in ("-t", "-T", "-4", "-6", "-h"):
        for rest in ("=", "=3", "=4", "x", "4", "6", "h", "-4", "--", " ", "tt", "4x", "T=", "p5", "Tp=5", "P", "é"):
            yield [flag + rest]
    for pair in itertools.product(PLAIN, repeat=2):
        yield list(pair)
    for last in (["-P", "80", "-P", "81"], ["-P", "80", "-P", ""], ["-p", "1", "--pid="], ["--cgroupmap", "/a", "--cg", ""],
                 ["--ring-bytes", "4096", "--ring-bytes", ""], ["--ring-bytes=4096", "--ring=8192"], ["--ho", HOOKS[0], "--hook", ""], ["-4", "-4", "-6"],
                 ["--log-level", "debug"], ["--format", "ecs"], ["--f=wide", "--format="], ["--write", "a.avro", "--wr="], ["--w", "-"], ["--log=error", "--log-level="], ["--l", "Info"],
                 ["foo"], ["foo", "bar"], ["-x"], ["-x", "-y", "foo"], ["-"], [""], ["--"], ["--", "-t"], ["-t", "--", "-T"],
                 ["--", "--"], ["-p", "--", "5"], ["-p", "5", "--"], ["-p", "5", "6"], ["-x y"], ["-x=y"], ["--x"], ["--x=1"],
                 ["--x y"], ["--=5"], ["---"], ["---t"], ["-=5"], ["-7"], ["-1.5"], ["-1", "-2"], ["-h", "-x"], ["-x", "-h"],
                 ["-h", "--p"], ["foo", "-h"], ["-p", "abc", "-h"], ["-h", "-p", "abc"], ["-hx"], ["-hp"], ["-p", "abc", "-P"],
                 ["-P", "-p", "abc"], ["-4", "-6", "--bogus"], ["-P", "x", "-4", "-6"], ["--version", "-h"], ["-h", "--version"],
                 ["-t", "foo", "-T", "bar", "--", "baz"], ["-t4h"], ["-x4h"], ["-TIME"], ["-time"], ["-pid"], ["-ipv4"],
                 ["it's", 'a"b', "c\\d"], ["--ti=\\"], ["--timex"], ["-p5", "-P80", "-4tT", "--mn=/m", "--cg=/c", "--ring=4096"]):
        yield last
    yield from generated()


def generated():
    random.seed(1)
    words = PLAIN + ["-p", "-P", "--pid", "--port", "-P80", "-p=1", "--cg", "--mn=/m", "--ring-bytes", "4096", "80", "x", "-x",
                     "--", "-", "", "-1", "--ti", "--p", "-tP", "-T4p", "--ver", "--he=1", "-t=4", "a b", "-a b"]
    for _ in range(400):
        yield random.choices(words, k=random.randint(2, 5))


def main():
    os.environ["COLUMNS"] = "80"
    made = parser()
    head = {"python": platform.python_version(), "usage": made.format_usage(), "help": made.format_help()}
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "argparse.jsonl")
    with open(path, "w", encoding="utf-8") as fixture:
        print(json.dumps(head), file=fixture)
        for argv in {json.dumps(argv): argv for argv in table()}.values():
            print(json.dumps([argv, outcome(argv)]), file=fixture)


if __name__ == "__main__":
    sys.exit(main())
