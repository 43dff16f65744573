%% Erlang peers of B4 and B5: one sender, and those who count.
%% SPDX-License-Identifier: Apache-2.0
-module(peers_count).
-export([counter/2, sixty/0]).

%% B4: one producer, one counter. Batch is the number of messages between two
%% "go on" messages of the producer to itself, or `all`.
counter(Body, Batch) ->
    Main = self(),
    Count = peers:scaled(5000000),
    Size = case Batch of all -> Count; _ -> Batch end,
    Counter = spawn_link(fun() -> count(0) end),
    Producer = spawn_link(fun() ->
                                  produce(Counter, Body, Count, Size, Main)
                          end),
    Start = peers:now_ns(),
    Producer ! go_on,
    Total = receive {total, N} -> N end,
    Spent = peers:now_ns() - Start,
    Count = Total,
    peers:print("", Spent / Count, "ns/message", Count).

produce(Counter, Body, Left, Batch, Main) ->
    receive
        go_on when Left > 0 ->
            send(Batch, Counter, Body),
            self() ! go_on,
            produce(Counter, Body, Left - Batch, Batch, Main);
        go_on ->
            Counter ! {report, Main},
            produce(Counter, Body, Left, Batch, Main)
    end.

send(0, _, _) -> ok;
send(Left, Counter, Body) ->
    Counter ! Body,
    send(Left - 1, Counter, Body).

count(Total) ->
    receive
        N when is_integer(N) -> count(Total + N);
        <<N, _/binary>> -> count(Total + N);
        {report, To} ->
            To ! {total, Total},
            count(Total)
    end.

%% B5: one sender, sixty counters, in turn; "go on" after every 25 rounds.
sixty() ->
    Main = self(),
    Rounds = peers:scaled(100000),
    Counters = [spawn_link(fun() -> count(0) end) || _ <- lists:seq(1, 60)],
    Sender = spawn_link(fun() -> deal(Counters, Rounds, Main) end),
    Start = peers:now_ns(),
    Sender ! go_on,
    Total = collect(60, 0),
    Spent = peers:now_ns() - Start,
    Total = 60 * Rounds,
    peers:print("", Spent / Total, "ns/message", Total).

deal(Counters, Left, Main) ->
    receive
        go_on when Left > 0 ->
            deal_rounds(25, Counters),
            self() ! go_on,
            deal(Counters, Left - 25, Main);
        go_on ->
            [C ! {report, Main} || C <- Counters],
            deal(Counters, Left, Main)
    end.

deal_rounds(0, _) -> ok;
deal_rounds(Left, Counters) ->
    deal_round(Counters),
    deal_rounds(Left - 1, Counters).

deal_round([]) -> ok;
deal_round([Counter | Rest]) ->
    Counter ! 1,
    deal_round(Rest).

collect(0, Sum) -> Sum;
collect(Left, Sum) ->
    receive {total, N} -> collect(Left - 1, Sum + N) end.
