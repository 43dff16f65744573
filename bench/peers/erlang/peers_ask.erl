%% Erlang peers of B10 and B11 (and, with peers_dist, B13): asks, by gen_server with its monitors.
%% SPDX-License-Identifier: Apache-2.0
-module(peers_ask).
-behaviour(gen_server).
-export([gather/0, round_trips/0, round_trips/2]).
-export([init/1, handle_call/3, handle_cast/2]).

-define(TIMEOUT_MS, 5000).

init([]) ->
    {ok, none}.

handle_call(N, _From, State) ->
    {reply, N + 1, State}.

handle_cast(_, State) ->
    {noreply, State}.

in_process(Fun) ->
    Main = self(),
    spawn_link(fun() -> Main ! {result, Fun()} end),
    receive {result, Result} -> Result end.

%% B10: ask a hundred actors at once and collect the hundred answers.
gather() ->
    Rounds = peers:scaled(5000),
    Servers = servers(100),
    Spent = in_process(fun() ->
                               Start = peers:now_ns(),
                               gather(Rounds, Servers),
                               peers:now_ns() - Start
                       end),
    peers:print("", Spent / Rounds / 1000, "us/gather", Rounds).

servers(Count) ->
    [begin
         {ok, Pid} = gen_server:start_link(?MODULE, [], []),
         Pid
     end || _ <- lists:seq(1, Count)].

gather(0, _) -> ok;
gather(Left, Servers) ->
    Asks = [gen_server:send_request(S, 1) || S <- Servers],
    Answers = [begin
                   {reply, N} = gen_server:receive_response(A, ?TIMEOUT_MS),
                   N
               end || A <- Asks],
    200 = lists:sum(Answers),
    gather(Left - 1, Servers).

%% B11: one ask after the other, each timed. The times go to an array outside
%% of the heap, so that keeping them causes no garbage collection.
round_trips() ->
    [Server] = servers(1),
    round_trips(Server, peers:scaled(200000)).

round_trips(Server, Count) ->
    Times = atomics:new(Count, []),
    in_process(fun() ->
                       ask(2000, Server, Times),
                       ask(Count, Server, Times)
               end),
    Sorted = list_to_tuple(
               lists:sort([atomics:get(Times, I)
                           || I <- lists:seq(1, Count)])),
    [peers:print(Name, element(ceil(Share * Count), Sorted), "ns", Count)
     || {Name, Share} <- [{"p50", 0.5}, {"p99", 0.99}, {"p99.9", 0.999}]],
    ok.

ask(0, _, _) -> ok;
ask(Left, Server, Times) ->
    Start = peers:now_ns(),
    N = gen_server:call(Server, Left, ?TIMEOUT_MS),
    Spent = peers:now_ns() - Start,
    N = Left + 1,
    atomics:put(Times, Left, Spent),
    ask(Left - 1, Server, Times).
