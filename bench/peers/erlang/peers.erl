%% Command line of the Erlang peers: pick one benchmark, run it, print JSON.
%% SPDX-License-Identifier: Apache-2.0
%%
%%   erl -noshell -pa DIR -run peers main -extra B4 [--variant V] [--quick]
%%   erl -noshell -pa DIR -run peers main -extra --list | --version
-module(peers).
-export([main/0, run/0, print/4, scaled/1, join/1, now_ns/0, rss_bytes/0]).

main() ->
    try run() of
        ok -> halt(0)
    catch
        Class:Reason:Stack ->
            io:format(standard_error, "peers: ~p:~p ~p~n",
                      [Class, Reason, Stack]),
            halt(1)
    end.

run() ->
    case init:get_plain_arguments() of
        ["--list"] ->
            [io:format("~s ~s~n", [B, V]) || {B, V, _} <- table()],
            ok;
        ["--version"] ->
            io:format("Erlang/OTP ~s, ERTS ~s, ~b schedulers~n",
                      [erlang:system_info(otp_release),
                       erlang:system_info(version),
                       erlang:system_info(schedulers_online)]);
        [Bench | Options] ->
            put(quick, lists:member("--quick", Options)),
            {Bench, Variant, Fun} = find(Bench, variant(Options)),
            put(bench, {Bench, Variant}),
            Fun()
    end.

table() ->
    [{"B1", "default", fun peers_exchange:pair/0},
     {"B2", "default", fun peers_exchange:pairs/0},
     {"B3", "default", fun peers_exchange:ring/0},
     {"B4", "default", fun() -> peers_count:counter(1, 1000) end},
     {"B4", "body64", fun() -> peers_count:counter(body(), 1000) end},
     {"B4", "one-handler", fun() -> peers_count:counter(1, all) end},
     {"B5", "default", fun peers_count:sixty/0},
     {"B6", "default", fun peers_spawn:short_lives/0},
     {"B7", "default", fun peers_exchange:random_pings/0},
     {"B8", "default", fun peers_spawn:skynet/0},
     {"B9", "default", fun peers_spawn:idle/0},
     {"B10", "default", fun peers_ask:gather/0},
     {"B11", "default", fun peers_ask:round_trips/0},
     {"B12", "default", fun peers_dist:one_way/0},
     {"B13", "default", fun peers_dist:round_trips/0}].

body() ->
    <<1, 0:(63 * 8)>>.

find(Bench, Variant) ->
    case [Row || {B, V, _} = Row <- table(), B =:= Bench, V =:= Variant] of
        [Row] -> Row;
        [] -> error({no_such_benchmark, Bench, Variant})
    end.

variant(["--variant", Name | _]) -> Name;
variant([_ | Rest]) -> variant(Rest);
variant([]) -> "default".

%% A quick run does a tenth of the work, to see that everything works.
scaled(Count) ->
    case get(quick) of
        true -> Count div 10;
        _ -> Count
    end.

%% print: one JSON line; Part is a name within the variant, or "".
print(Part, Value, Unit, Count) ->
    {Bench, Variant} = get(bench),
    Name = case Part of
               "" -> Variant;
               _ -> Part
           end,
    io:format("{\"bench\":\"~s\",\"variant\":\"~s\",\"system\":\"erlang\","
              "\"value\":~.3f,\"unit\":\"~s\",\"count\":~b,"
              "\"peak_kib\":~b}~n",
              [Bench, Name, float(Value), Unit, Count, peak_kib()]).

%% join: wait until Count processes have sent `done`.
join(0) -> ok;
join(Count) ->
    receive done -> join(Count - 1) end.

now_ns() ->
    erlang:monotonic_time(nanosecond).

rss_bytes() ->
    status("VmRSS:") * 1024.

peak_kib() ->
    status("VmHWM:").

status(Key) ->
    {ok, Text} = file:read_file("/proc/self/status"),
    [Line] = [L || L <- string:split(binary_to_list(Text), "\n", all),
                   lists:prefix(Key, L)],
    [_, Number | _] = string:lexemes(Line, " \t"),
    list_to_integer(Number).
